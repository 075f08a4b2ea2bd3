select table_name, record_id, scopes
from ledger.record
where (table_name, record_id) in (
    select table_name, record_id
    from named
)
order by table_name, record_id
