-- Value of the stock of all stores in reports, and how complete that is.
-- One row is: the system.
-- total_value: what is on the shelves, at cost, in the home currency
-- in_transit_value: on the way to one of these stores, not in total_value
-- stores: how many stores that is
-- sites_current: sites of these stores that were pulled within late_after
-- sites_total: sites of these stores
-- oldest_data_as_of_at: of those that were pulled at all, when the one was that was pulled longest ago
-- usable_value: neither expired nor on hold
-- expired_value: past its expiry date
-- on_hold_value: on hold, the line or its location
-- value_missing_units: units without a price: they are in no value
-- stores_value_incomplete: stores whose value lacks something, or is not known at all (`stock_value`)
-- waiting_value: what stock lines say that wait: in no value
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
        count(distinct site_id) filter (is_current) as sites_current,
        count(distinct site_id) as sites_total,
        min(data_as_of_at) as oldest_data_as_of_at
    from reports.reporting_store
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
