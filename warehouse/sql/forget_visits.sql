delete from ledger.visit
where cycle <= $1 and (site_id, cycle) not in (
    select site_id, max(cycle)
    from ledger.visit
    group by site_id
)
