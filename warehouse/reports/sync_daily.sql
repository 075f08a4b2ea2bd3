-- How much came from each site and went to it on each day, and what was left at its end: whether queues grow.
-- One row is: site x day on which it was visited or something was counted for it.
-- site_code: code of the site
-- day_date: the day, where the network is
-- visits: cycles of that day that visited it
-- failed_visits: of these, those in which it failed or was not reached
-- pulled: changes taken from it; what had waited there to come in
-- rejected: of its changes, those it may not make
-- sent: rows sent to it
-- queue_out: records still to go out to it after the last cycle of the day; NULL where none was counted
-- queue_out_growth: by how much that is more than at the end of the last day before that has one
-- site_name: name of the site
-- data_as_of_at: when the site was last pulled
with visited as (
    select
        visit.site_id,
        local_date(cycle.started_at) as day_date,
        count(*) as visits,
        count(*) filter (where visit.outcome not in ('ok', 'blocked')) as failed_visits,
        sum(visit.pulled)::bigint as pulled,
        sum(visit.rejected)::bigint as rejected,
        sum(visit.sent)::bigint as sent
    from ledger.visit as visit
    join ledger.cycle as cycle using (cycle)
    group by all
),
queued as (
    select
        site_id,
        day as day_date,
        queue_out,
        queue_out - lag(queue_out) over (partition by site_id order by day) as queue_out_growth
    from ledger.queue_of_day
)
select
    site.site_code,
    day_date,
    coalesce(visited.visits, 0) as visits,
    coalesce(visited.failed_visits, 0) as failed_visits,
    coalesce(visited.pulled, 0) as pulled,
    coalesce(visited.rejected, 0) as rejected,
    coalesce(visited.sent, 0) as sent,
    queued.queue_out,
    queued.queue_out_growth,
    coalesce(row.name, site.site_code) as site_name,
    site.data_as_of_at
from visited
full join queued using (site_id, day_date)
join ledger.site as site using (site_id)
left join replica.site as row on row.id = cast(site.site_id as varchar)
order by day_date desc, site.site_code
