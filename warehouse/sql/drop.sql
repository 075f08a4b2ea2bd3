update ledger.quarantine
set state = 'closed', site_row = null, closed_cycle = ?
where state = 'open' and (site_id, table_name, record_id) in (
    select site_id, table_name, record_id
    from moot
)
