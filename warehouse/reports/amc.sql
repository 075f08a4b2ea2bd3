-- Average monthly consumption: what a store dispensed and issued, less what its customers returned, in its last
-- complete months that are known, by month.
-- One row is: store x item that is expected there or moved there.
-- store_code: code of the store
-- item_code: code of the item
-- window_months: how many months are looked at: the store's preference, if that is 1 to 120, or 3
-- consumed_units: dispensed and issued in them, less what came back in the same month, no month below zero; NULL where
--    amc_basis is unknown
-- stock_out_days: whole days of them without stock; NULL where movements do not explain the stock
-- amc_units: consumed_units by divisor_months; 0 where nothing ever moved; NULL where it cannot be known (amc_basis)
-- amc_adjusted_units: what it would have been with stock on all days, at most four times as much
-- amc_basis: full_window; partial_history (the item is newer than the window); no_movement (nothing ever moved);
--    no_complete_month (the item came after the window); no_stock_in_window (out of stock all the time); unknown (the
--    site was never pulled, nothing that it uses is collected or filled, or nothing of the item is known to be used and
--    a table is not filled or documents wait that may say so)
-- store_name: name of the store
-- item_name: name of the item
-- divisor_months: window_months, or how long the item was there, at least one
-- window_from: first day of the window
-- window_to: its last day
-- is_partial: the item came within the window
-- data_as_of_at: when the store's site was last pulled; the window ends there
-- demand_units: how much the store needs in a month, by the best figure that there is; NULL where nothing says
-- demand_basis: what that is: adjusted_amc (amc_adjusted_units); amc (days out of stock are not known);
--    months_with_stock (it was out of stock all the window: what it consumed in as many of the last months that had
--    stock, at most two years back, days without stock made up for); forecast; no_movement (nothing ever moved, and
--    nobody forecast anything: 0); unknown
-- demand_from_date: first day that demand_units rests on; of a forecast, since when it holds
-- demand_to_date: last day that it rests on; NULL for a forecast
-- forecast_units: what the store forecasts for a month (`amc_projection`): of those that hold by now, the one that does
--    since last; NULL without one
-- forecast_from_date: since when it holds; NULL without one, and where it does not say
-- returned_units: what customers returned in the window; NULL where no invoice ever came
-- is_incomplete: a table that it rests on is not collected or not filled (`site_tables`), or finished documents of the
--    window wait
select
    store.store_code,
    item.code as item_code,
    consumption.window_months,
    consumption.consumed_units,
    consumption.stock_out_days,
    consumption.amc_units,
    consumption.amc_adjusted_units,
    consumption.amc_basis,
    store.store_name,
    item.name as item_name,
    consumption.divisor_months,
    consumption.window_from,
    consumption.window_to,
    consumption.is_partial,
    store.data_as_of_at,
    demand.demand_units,
    demand.demand_basis,
    demand.demand_from_date,
    demand.demand_to_date,
    demand.forecast_units,
    demand.forecast_from_date,
    consumption.returned_units,
    consumption.is_incomplete
from reports.consumption as consumption
join reports.demand as demand on demand.store_id = consumption.store_id and demand.item_id = consumption.item_id
join reports.reporting_store as store on store.store_id = consumption.store_id
join replica.item as item on item.id = consumption.item_id
order by store.store_code, item.code, item.id
