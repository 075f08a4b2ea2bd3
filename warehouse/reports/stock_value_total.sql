-- Value of the stock of all stores in reports, and how complete that is.
-- One row is: the system.
-- total_value: what is on the shelves, at cost, in the home currency
-- in_transit_value: on the way to one of these stores, not in total_value
-- stores: how many stores that is
-- sites_current: sites of these stores that were pulled within late_after
-- sites_total: sites of these stores
-- oldest_data_as_of_at: of those that were pulled at all, when the one was that was pulled longest ago
with value as (
    select sum(soh_value) as total_value, sum(in_transit_value) as in_transit_value from reports.stock_value
),

sites as (
    select
        count(*) as stores,
        count(distinct site.site_id) filter (is_current(site.data_as_of_at, site.late_after)) as sites_current,
        count(distinct site.site_id) as sites_total,
        min(site.data_as_of_at) as oldest_data_as_of_at
    from reports.reporting_store as store
    join ledger.site as site on site.site_id = store.site_id
)

select
    coalesce(value.total_value, 0) as total_value,
    coalesce(value.in_transit_value, 0) as in_transit_value,
    sites.stores,
    sites.sites_current,
    sites.sites_total,
    sites.oldest_data_as_of_at
from value, sites
