-- The ids of table $1, of which central holds a record or knows that there was one, that begin with $2; itself alone
-- where it is one
with known as (
    select record_id
    from ledger.record
    where table_name = $1 and starts_with(record_id, $2)
    union
    select record_id
    from ledger.sequence
    where table_name = $1 and starts_with(record_id, $2)
    union
    select record_id
    from ledger.quarantine
    where table_name = $1 and starts_with(record_id, $2)
    union
    select merged_id
    from ledger.merged
    where table_name = $1 and starts_with(merged_id, $2)
)
select record_id
from known
where record_id = $2 or not exists (
    select 1
    from known as same
    where same.record_id = $2
)
order by record_id
limit 6
