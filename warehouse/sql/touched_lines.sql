-- The lines among changes, and those of the prescriptions among them; whether nobody is known to have edited any of it.
select line_id, bool_and(is_snapshot) as is_history
from (
    select record_id as line_id, is_snapshot from changes where table_name = 'prescription_line'
    union all
    select line.id, changes.is_snapshot
    from changes
    join replica.prescription_line as line
        on changes.table_name = 'prescription' and line.prescription_id = changes.record_id
)
group by line_id
order by all
