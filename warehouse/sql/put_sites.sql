insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, is_in_topology,
    is_enabled, overdue_after, late_after)
select site_id, code, 0, 0, true, is_enabled, to_days(0), to_days(0)
from wanted
where site_id not in (
    select site_id
    from ledger.site
)
order by site_id
