select table_name, record_id, owner, scopes
from ledger.record
where owner in (
    select unnest(?::varchar[])
) and len(shared) = 0 and (table_name, part) in (
    select table_name, part
    from parts
)
order by table_name, record_id
