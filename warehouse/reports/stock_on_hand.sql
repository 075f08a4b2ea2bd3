-- Stock on hand of each item at each store.
-- One row is: store x item where the store has a stock line, the item is on one of its lists, or some is on the way.
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- soh_units: everything on the shelf, usable or not
-- available_units: less what is set aside for documents under way
-- usable_units: neither expired nor on hold, the line or its location
-- expired_units: past its expiry date (the day itself counts)
-- on_hold_units: on hold, the line or its location
-- amc_units: average monthly consumption; NULL until usage is built
-- mos_months: months of stock; NULL until usage is built
-- stock_status: NULL until usage is built
-- value_amount: at cost, in the home currency
-- earliest_expiry_date: of the lines with packs on them
-- in_transit_units: issued to the store and not in its stock yet; not in soh_units
-- data_as_of_at: when the store's site was last pulled; what happened there since is unknown
-- days_since_sync: whole days since then
with expected as (
    select store_id, item_id from replica.stock_line
    union
    select store_id, item_id from replica.item_store_join
    union
    select joined.store_id, line.item_id
    from replica.master_list_store as joined
    join replica.master_list_line as line on line.master_list_id = joined.master_list_id
    union
    select store_id, item_id from reports.in_transit
),

sums as (
    select
        store_id,
        item_id,
        sum(soh_units) as soh_units,
        sum(available_units) as available_units,
        sum(soh_units) filter (is_usable(is_expired, is_on_hold)) as usable_units,
        sum(soh_units) filter (is_expired) as expired_units,
        sum(soh_units) filter (is_on_hold) as on_hold_units,
        sum(value_amount) as value_amount,
        min(expiry_date) filter (not is_empty) as earliest_expiry_date
    from reports.counted_line
    group by all
)

select
    store.store_code,
    store.store_name,
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    coalesce(sums.soh_units, 0) as soh_units,
    coalesce(sums.available_units, 0) as available_units,
    coalesce(sums.usable_units, 0) as usable_units,
    coalesce(sums.expired_units, 0) as expired_units,
    coalesce(sums.on_hold_units, 0) as on_hold_units,
    cast(null as decimal(38, 6)) as amc_units,
    cast(null as double) as mos_months,
    cast(null as varchar) as stock_status,
    coalesce(sums.value_amount, 0) as value_amount,
    sums.earliest_expiry_date,
    coalesce(in_transit.in_transit_units, 0) as in_transit_units,
    store.data_as_of_at,
    days_since(store.data_as_of_at, as_of_at()) as days_since_sync
from expected
join reports.reporting_store as store on store.store_id = expected.store_id
join replica.item as item on item.id = expected.item_id
left join replica.unit as unit on unit.id = item.unit_id
left join sums on sums.store_id = expected.store_id and sums.item_id = expected.item_id
left join reports.in_transit as in_transit
    on in_transit.store_id = expected.store_id and in_transit.item_id = expected.item_id
order by store.store_code, item.code
