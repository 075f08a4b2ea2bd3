-- The stock of an item at a store, what is needed of it, and in which band it is: what reports that judge it are made
-- of.
-- One row is: store x item that is expected there.
-- store_id: the store
-- item_id: the item
-- is_in_use: the store is open, and the item is used
-- soh_units: everything; NULL as in `shelf`, likewise the next
-- available_units: less what is set aside
-- usable_units: neither expired nor on hold
-- expired_units: past its expiry date
-- on_hold_units: on hold, the line or its location
-- negative_units: sum of the lines below zero
-- value_amount: at cost; NULL where no line has a price
-- value_missing_units: units without a price
-- earliest_expiry_date: of the lines with packs on them
-- is_known: it is known which lines there are
-- amc_units: average monthly consumption
-- amc_basis: what that is
-- demand_units: how much is needed in a month; NULL where nothing says
-- demand_basis: what that is
-- stock_status: the band, as in `stock_on_hand`
-- is_incomplete: a table that it rests on is not collected or not filled, or finished documents of the window wait
-- unused_units: of usable_units, what will expire before it is used, at demand_units and the first to expire used
--    first, seen from the last pull; NULL where either is unknown
-- in_transit_units: on its way to the store
with pairs as materialized (
    select
        expected.store_id,
        expected.item_id,
        expected.is_in_use,
        shelf.soh_units,
        shelf.available_units,
        shelf.usable_units,
        shelf.expired_units,
        shelf.on_hold_units,
        shelf.negative_units,
        shelf.value_amount,
        shelf.value_missing_units,
        shelf.earliest_expiry_date,
        shelf.is_known,
        amc.amc_units,
        amc.amc_basis,
        demand.demand_units,
        demand.demand_basis,
        stock_status(
            expected.is_in_use,
            store.is_silent,
            expected.is_stocked,
            shelf.usable_units,
            demand.demand_units,
            store.min_months,
            store.max_months
        ) as stock_status,
        not shelf.is_known or coalesce(amc.is_incomplete, false) as is_incomplete,
        store.known_date
    from reports.expected_item as expected
    join reports.reporting_store as store on store.store_id = expected.store_id
    join reports.shelf as shelf on shelf.store_id = expected.store_id and shelf.item_id = expected.item_id
    left join reports.consumption as amc on amc.store_id = expected.store_id and amc.item_id = expected.item_id
    left join reports.demand as demand on demand.store_id = expected.store_id and demand.item_id = expected.item_id
),

-- How much lies there up to a batch, less what is used before that expires, is left over of them: the most of these.
queued as (
    select
        line.store_id,
        line.item_id,
        sum(cast(line.usable_units as double)) over (
            partition by line.store_id, line.item_id order by line.expiry_date, line.stock_line_id
        )
        - pairs.demand_units / days_per_month() * greatest(0, date_diff('day', pairs.known_date, line.expiry_date))
            as left_over
    from reports.counted_line as line
    join pairs on pairs.store_id = line.store_id and pairs.item_id = line.item_id
    where line.expiry_date is not null and line.usable_units > 0 and pairs.demand_units is not null
),

unused as (
    select store_id, item_id, cast(greatest(0, max(left_over)) as decimal(38, 6)) as units
    from queued
    group by store_id, item_id
)

select
    pairs.* exclude (known_date),
    case when pairs.demand_units is not null and pairs.usable_units is not null then coalesce(unused.units, 0) end
        as unused_units,
    coalesce(arriving.in_transit_units, 0) as in_transit_units
from pairs
left join unused on unused.store_id = pairs.store_id and unused.item_id = pairs.item_id
left join reports.in_transit as arriving on arriving.store_id = pairs.store_id and arriving.item_id = pairs.item_id
