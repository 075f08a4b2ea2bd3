-- Which sites were heard in each week, of those that were to be: the reporting rate by week, as `reporting_monthly`.
-- One row is: site x week, from that of its first visit to now; of one that is removed or disabled, to its last visit.
-- week_from_date: its Monday
-- site_code: code of the site
-- site_name: name of the site
-- visits: cycles that visited it
-- heard_visits: of these, those in which it was pulled
-- is_heard: it was pulled at least once
-- is_complete_week: the week is over
with visits as (
    select
        site_id,
        cast(date_trunc('week', local_date(started_at)) as date) as week,
        count(*) as visits,
        count(*) filter (outcome = 'ok') as heard_visits
    from ledger.visit
    group by all
),

spans as (
    select
        visits.site_id,
        min(visits.week) as first_week,
        case
            when bool_and(site.is_in_topology and site.is_enabled) then cast(date_trunc('week', today()) as date)
            else max(visits.week)
        end as last_week
    from visits
    join ledger.site as site on site.site_id = visits.site_id
    group by visits.site_id
),

weeks as (
    select site_id, cast(unnest(generate_series(first_week, last_week, interval 7 days)) as date) as week from spans
)

select
    weeks.week as week_from_date,
    site.site_code,
    coalesce(row.name, site.site_code) as site_name,
    coalesce(visits.visits, 0) as visits,
    coalesce(visits.heard_visits, 0) as heard_visits,
    coalesce(visits.heard_visits > 0, false) as is_heard,
    weeks.week + 7 <= today() as is_complete_week
from weeks
join ledger.site as site on site.site_id = weeks.site_id
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join visits on visits.site_id = weeks.site_id and visits.week = weeks.week
order by weeks.week desc, site.site_code
