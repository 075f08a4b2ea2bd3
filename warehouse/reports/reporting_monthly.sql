-- Which sites were heard in each month, of those that were to be: the reporting rate. Add up the sites and divide.
-- As far back as visits are kept (`pulls_days` in `[retention]`, 400 days if nothing else is set).
-- One row is: site x month, from that of its first visit to now; of one that is removed or disabled, to its last visit.
-- month: its first day
-- site_code: code of the site
-- site_name: name of the site
-- stores: stores in reports that are active there now
-- visits: cycles that visited it
-- heard_visits: of these, those in which it was pulled
-- is_heard: it was pulled at least once
-- heard_days: days on which it was pulled
-- days: days of the month from the first visit to now
-- longest_silence_days: the longest time in a row, in days of these, without a pull
-- last_heard_at: when it was last pulled in that month; NULL where it was not
-- is_complete_month: the month is over
with visits as (
    select
        site_id,
        local_date(started_at) as day_date,
        count(*) as visits,
        count(*) filter (outcome = 'ok') as heard_visits,
        max(started_at) filter (outcome = 'ok') as last_heard_at
    from ledger.visit
    group by all
),

spans as (
    select
        visits.site_id,
        min(visits.day_date) as first_date,
        case
            when bool_and(site.is_in_topology and site.is_enabled) then today()
            else max(visits.day_date)
        end as last_date
    from visits
    join ledger.site as site on site.site_id = visits.site_id
    group by visits.site_id
),

months as (
    select
        site_id,
        first_date,
        last_date,
        cast(unnest(
            generate_series(date_trunc('month', first_date), date_trunc('month', last_date), interval 1 month)
        ) as date) as month
    from spans
),

-- Each month by itself: its first day and its last are the ends of a silence too.
heard as (
    select site_id, cast(date_trunc('month', day_date) as date) as month, day_date from visits where heard_visits > 0
),

gaps as (
    select
        site_id,
        month,
        date_diff('day', lag(day_date) over one, day_date) - 1 as before_days,
        day_date
    from heard
    window one as (partition by site_id, month order by day_date)
),

silences as (
    select
        site_id,
        month,
        count(*) as heard_days,
        min(day_date) as first_heard,
        max(day_date) as last_heard,
        max(before_days) as between_days
    from gaps
    group by all
),

counted as (
    select
        site_id,
        cast(date_trunc('month', day_date) as date) as month,
        cast(sum(visits) as bigint) as visits,
        cast(sum(heard_visits) as bigint) as heard_visits,
        max(last_heard_at) as last_heard_at
    from visits
    group by all
),

stores as (
    select site_id, count(*) as stores from reports.reporting_store group by all
),

framed as (
    select
        *,
        greatest(first_date, month) as from_date,
        least(last_date, month_end(month)) as to_date
    from months
)

select
    framed.month,
    site.site_code,
    coalesce(row.name, site.site_code) as site_name,
    coalesce(stores.stores, 0) as stores,
    coalesce(counted.visits, 0) as visits,
    coalesce(counted.heard_visits, 0) as heard_visits,
    coalesce(counted.heard_visits > 0, false) as is_heard,
    coalesce(silences.heard_days, 0) as heard_days,
    date_diff('day', framed.from_date, framed.to_date) + 1 as days,
    coalesce(
        greatest(
            silences.between_days,
            date_diff('day', framed.from_date, silences.first_heard),
            date_diff('day', silences.last_heard, framed.to_date)
        ),
        date_diff('day', framed.from_date, framed.to_date) + 1
    ) as longest_silence_days,
    counted.last_heard_at,
    month_end(framed.month) < today() as is_complete_month
from framed
join ledger.site as site on site.site_id = framed.site_id
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join counted on counted.site_id = framed.site_id and counted.month = framed.month
left join silences on silences.site_id = framed.site_id and silences.month = framed.month
left join stores on stores.site_id = framed.site_id
order by framed.month desc, site.site_code
