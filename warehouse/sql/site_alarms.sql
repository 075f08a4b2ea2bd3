-- What may have to be told of each site; `is_overdue`: also where it was never heard of, though tried for so long.
select
    status.site_code,
    status.status,
    status.last_contact_at,
    status.last_error,
    status.rejected,
    coalesce(status.held_removals, 0) as held_removals,
    coalesce(status.held_changes, 0) as held_changes,
    status.is_overdue
    or (status.last_contact_at is null and coalesce(tried.since < as_of_at() - site.overdue_after, false)) as is_overdue
from reports.sync_status as status
join ledger.site as site on site.site_id = status.site_id
left join (
    select visit.site_id, min(visit.started_at) as since
    from ledger.visit as visit
    group by visit.site_id
) as tried on tried.site_id = status.site_id
where status.status <> 'disabled'
order by status.site_code
