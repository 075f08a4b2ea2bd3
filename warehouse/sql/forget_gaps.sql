delete from ledger.gap as g
where g.cycle <= $1 and (not g.is_held or exists (
    select 1
    from ledger.gap as later
    where later.site_id = g.site_id and later.table_name = g.table_name and later.cycle > g.cycle
))
