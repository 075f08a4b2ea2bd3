-- Stock on hand of each item at each store, how long it lasts, and whether that is enough.
-- One row is: store x item where the store has a stock line, the item is on one of its lists, or some is on the way.
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- soh_units: everything on the shelf, usable or not; lines below zero count as they are; NULL where no line has a
--    pack size, and where the store's lines are not collected, or it fills none
-- available_units: less what is set aside for documents under way
-- usable_units: neither expired nor on hold, the line or its location
-- expired_units: past its expiry date (the day itself counts)
-- on_hold_units: on hold, the line or its location
-- amc_units: average monthly consumption, as in `amc`; NULL where it cannot be known
-- mos_months: months of stock: usable_units by demand_units, rounded down to two decimals; NULL without demand
-- stock_status: stocked_out (had it, nothing usable left); below_min; adequate; overstocked (both by the store's min
--    and max months, and by what is there, not by months of stock as they are shown); no_consumption (there is no
--    demand); never_stocked; unknown (the site is silent, or nothing says what the demand is); not_in_use (the store
--    is closed, or the item no longer used)
-- value_amount: at cost, in the home currency; NULL where nothing that lies there has a price
-- earliest_expiry_date: of the lines with packs on them
-- in_transit_units: issued to the store and not in its stock yet; not in soh_units
-- data_as_of_at: when the store's site was last pulled; what happened there since is unknown
-- days_since_sync: whole days since then
-- amc_basis: what amc_units rests on, as in `amc`
-- value_missing_units: units without a price, not in value_amount
-- min_months: from how many months of stock on the store has enough
-- max_months: from how many months of stock on the store has too much
-- is_current: the site was pulled within late_after
-- is_silent: the site was not pulled for longer than overdue_after
-- negative_units: sum of the lines below zero: more was issued than was there
-- demand_units: how much the store needs in a month, by the best figure that there is, as in `amc`; NULL where nothing
--    says
-- demand_basis: adjusted_amc, amc, months_with_stock, forecast, no_movement or unknown, as in `amc`
-- is_incomplete: figures lack something (`site_tables`): a table that they rest on is not collected or not filled, or
--    stock lines of the item wait
-- waiting_units: what stock lines of the item say that wait: in no figure
-- waiting_value: that at cost
-- on_order_units: asked for and not sent yet, as far as that is known (`order_lines`); not in in_transit_units
with waiting as (
    select store_id, item_id, count(*) as rows, sum(units) as units, sum(value) as value
    from reports.waiting_row
    where table_name = 'stock_line'
    group by all
)

select
    store.store_code,
    store.store_name,
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    stock.soh_units,
    stock.available_units,
    stock.usable_units,
    stock.expired_units,
    stock.on_hold_units,
    stock.amc_units,
    mos(stock.usable_units, stock.demand_units) as mos_months,
    stock.stock_status,
    case
        when stock.is_known and stock.value_missing_units = 0 then coalesce(stock.value_amount, 0)
        when stock.value_amount <> 0 then stock.value_amount
    end as value_amount,
    stock.earliest_expiry_date,
    stock.in_transit_units,
    store.data_as_of_at,
    days_since(store.data_as_of_at, as_of_at()) as days_since_sync,
    stock.amc_basis,
    stock.value_missing_units,
    cast(store.min_months as double) as min_months,
    cast(store.max_months as double) as max_months,
    store.is_current,
    store.is_silent,
    stock.negative_units,
    stock.demand_units,
    stock.demand_basis,
    stock.is_incomplete or waiting.rows is not null as is_incomplete,
    coalesce(waiting.units, 0) as waiting_units,
    coalesce(waiting.value, 0) as waiting_value,
    coalesce(ordered.units, 0) as on_order_units
from reports.banded_item as stock
join reports.reporting_store as store on store.store_id = stock.store_id
join replica.item as item on item.id = stock.item_id
left join replica.unit as unit on unit.id = item.unit_id
left join reports.on_order as ordered on ordered.store_id = stock.store_id and ordered.item_id = stock.item_id
left join waiting on waiting.store_id = stock.store_id and waiting.item_id = stock.item_id
order by store.store_code, item.code, item.id
