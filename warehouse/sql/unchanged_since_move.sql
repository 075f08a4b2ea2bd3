-- changes (site_id, table_name, record_id, owner): those whose record no other site changed since the store left theirs
select c.site_id, c.table_name, c.record_id
from changes as c
where not exists (
    select 1
    from ledger.move as m
    join ledger.move_step as s on s.move = m.move and s.state = 'filling'
    join ledger.sequence as q on q.table_name = c.table_name and q.record_id = c.record_id
    where m.from_site = c.site_id and (c.owner is null or m.store_id = c.owner)
        and q.kind = 'change' and q.cycle >= s.cycle and q.maker is distinct from c.site_id
)
order by all
