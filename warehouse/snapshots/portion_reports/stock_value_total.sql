-- The total of the stores seen.
with value as (
    select
        sum(soh_value) as total_value,
        sum(in_transit_value) as in_transit_value,
        sum(usable_value) as usable_value,
        sum(expired_value) as expired_value,
        sum(on_hold_value) as on_hold_value,
        sum(value_missing_units) as value_missing_units,
        count(*) filter (is_incomplete) as stores_value_incomplete,
        sum(waiting_value) as waiting_value
    from reports.stock_value
),

sites as (
    select
        count(*) as stores,
        count(distinct site_code) filter (is_current) as sites_current,
        count(distinct site_code) as sites_total,
        min(data_as_of_at) as oldest_data_as_of_at
    from reports.stores
    where is_reporting
)

select
    coalesce(value.total_value, 0) as total_value,
    coalesce(value.in_transit_value, 0) as in_transit_value,
    sites.stores,
    sites.sites_current,
    sites.sites_total,
    sites.oldest_data_as_of_at,
    coalesce(value.usable_value, 0) as usable_value,
    coalesce(value.expired_value, 0) as expired_value,
    coalesce(value.on_hold_value, 0) as on_hold_value,
    coalesce(value.value_missing_units, 0) as value_missing_units,
    value.stores_value_incomplete,
    coalesce(value.waiting_value, 0) as waiting_value
from value, sites
