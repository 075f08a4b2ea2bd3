update ledger.quarantine
set state = case when verdict = 'waiting' or id in (
    select waiting_since
    from admitted
) then 'admitted' else 'closed' end, site_row = case verdict when 'rejected' then site_row end, closed_cycle = ?
where state = 'open' and (site_id, table_name, record_id) in (
    select site_id, table_name, record_id
    from admitted
)
