-- The ids of table $1, of which central holds a record or knows that there was one, that begin with $2; itself alone
-- where it is one
with ever as (
    select table_name, record_id from ledger.record
    union all
    select table_name, record_id from ledger.sequence
    union all
    select table_name, record_id from ledger.quarantine
    union all
    select table_name, merged_id as record_id from ledger.merged
), known as (
    select distinct record_id
    from ever
    where table_name = $1 and starts_with(record_id, $2)
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
