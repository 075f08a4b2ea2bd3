-- The lines that changes are about, and all those of the prescriptions that they are of, or were; whether nobody is
-- known to have edited any of it.
with documents as (
    select record_id as prescription_id, is_snapshot
    from changes
    where table_name = 'prescription'
    union all
    select document, is_snapshot
    from changes
    where table_name = 'prescription_line'
    union all
    select held_document, is_snapshot
    from changes
    where table_name = 'prescription_line'
)
select line_id, bool_and(is_snapshot) as is_history
from (
    select record_id as line_id, is_snapshot from changes where table_name = 'prescription_line'
    union all
    select line.id, documents.is_snapshot
    from documents
    join replica.prescription_line as line using (prescription_id)
)
group by line_id
order by all
