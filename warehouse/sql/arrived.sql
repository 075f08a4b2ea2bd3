update ledger.skipped
set is_open = false
where site_id = ? and is_open and (table_name, record_id) in (
    select table_name, record_id
    from ledger.sequence
    where seq > ? and seq <= ? and (for_site is null or for_site = ?)
)
