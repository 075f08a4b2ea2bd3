-- Lines that were counted where they were dispensed stay so, though their patient's home becomes another one. Of those
-- that were admitted before, all that nobody was told to count are such.
alter table ledger.repeat_count add column is_at_home boolean default false;
insert into ledger.repeat_count
select line.id, line.repeat_id, 0, 0, null, null, true
from replica.prescription_line as line
join replica.prescription as prescription on prescription.id = line.prescription_id
where
    prescription.status = 'finalised'
    and line.repeat_id is not null
    and not exists (
        select 1
        from ledger.repeat_count as known
        where known.line_id = line.id and known.repeat_id = line.repeat_id
    );
