insert into ledger.quarantine
select (
    select coalesce(max(id), 0)
    from ledger.quarantine
) + row_number() over (order by n), site_id, table_name, record_id, op, verdict, reason, malformed,
    is_snapshot, site_row, central_row, ?, ?, ?, ?, 'open', null, null, null, unreadable
from fresh
where (site_id, table_name, record_id) not in (
    select site_id, table_name, record_id
    from ledger.quarantine
    where state = 'open'
)
order by n
