-- How complete the reports are (W4): which stores, as of when, which sites are silent.
-- One row is: the system.
-- stores_total: stores in reports
-- stores_current: of these, pulled within late_after
-- sites_silent_7d: sites not pulled for more than seven days, or never
-- sites_silent_1m: sites not pulled for more than a calendar month, or never
-- as_of_at: the moment the reports speak of
-- stores_not_reporting: placed stores that are in no report, since their data stays at their site (B41)
-- silent_sites: codes of the sites not pulled for longer than overdue_after, or never
-- late_sites: codes of the other sites not pulled for longer than late_after
-- oldest_data_as_of_at: of the sites pulled at all, when the one was that was pulled longest ago
-- stores_incomplete: stores in reports that do not fill a table that figures rest on, or of which rows of stock or of
--    finished documents wait, as `site_tables` has them
with stores as (
    select count(*) as stores_total, count(*) filter (is_current) as stores_current from reports.reporting_store
),

incomplete as (
    select count(distinct store_id) as stores
    from (
        select store_id from reports.known_store where missing is not null
        union all
        select store_id from reports.waiting_row where is_counted
    )
),

placed as (
    select count(distinct active.store_id) as stores
    from reports.store_place as active
    join replica.store as store on store.id = active.store_id
),

sites as (
    select
        count(*) filter (is_silent(data_as_of_at, interval 7 days)) as sites_silent_7d,
        count(*) filter (is_silent(data_as_of_at, interval 1 month)) as sites_silent_1m,
        string_agg(site_code, ' ' order by site_code) filter (is_silent(data_as_of_at, overdue_after)) as silent_sites,
        string_agg(site_code, ' ' order by site_code) filter (
            not is_current(data_as_of_at, late_after) and not is_silent(data_as_of_at, overdue_after)
        ) as late_sites,
        min(data_as_of_at) as oldest_data_as_of_at
    from ledger.site
    where is_in_topology
)

select
    stores.stores_total,
    stores.stores_current,
    sites.sites_silent_7d,
    sites.sites_silent_1m,
    as_of_at() as as_of_at,
    placed.stores - stores.stores_total as stores_not_reporting,
    coalesce(sites.silent_sites, '') as silent_sites,
    coalesce(sites.late_sites, '') as late_sites,
    sites.oldest_data_as_of_at,
    incomplete.stores as stores_incomplete
from stores, placed, sites, incomplete
