-- Average monthly consumption by store and item, for the reports that need it: `amc` shows it.
-- One row is: store x item that is expected there or moved there.
-- store_id: the store
-- item_id: the item
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
-- divisor_months: window_months, or how long the item was there, at least one
-- window_from: first day of the window
-- window_to: its last day
-- is_partial: the item came within the window
-- returned_units: came back from customers in the window; NULL where no invoice ever came
-- is_incomplete: a table that it rests on is not collected or not filled, or finished documents of the window wait
with pairs as (
    select store_id, item_id, first_moved_date, is_explained, is_stocked from reports.expected_item
    union
    select store_id, item_id, first_moved_date, is_explained, true from reports.balance
    where item_id in (select id from replica.item)
),

windows as (
    select
        pairs.*,
        store.amc_months as window_months,
        known.knows_use,
        known.knows_invoices,
        not (known.knows_dispensing and known.knows_invoices) as lacks_tables,
        cast(date_trunc('month', store.known_date) - to_months(store.amc_months) as date) as window_from,
        cast(date_trunc('month', store.known_date) as date) - 1 as window_to
    from pairs
    join reports.reporting_store as store on store.store_id = pairs.store_id
    join reports.known_store as known on known.store_id = pairs.store_id
),

consumed as (
    select
        windows.store_id,
        windows.item_id,
        sum(used.consumed_units) as units,
        sum(used.returned_units) as returned_units
    from windows
    join reports.consumed_month as used
        on used.store_id = windows.store_id
        and used.item_id = windows.item_id
        and used.month between windows.window_from and windows.window_to
    group by all
),

without_stock as (
    select
        windows.store_id,
        windows.item_id,
        cast(sum(days_within(times.from_date, times.to_date, windows.window_from, windows.window_to)) as bigint) as days
    from windows
    join reports.out_of_stock as times on times.store_id = windows.store_id and times.item_id = windows.item_id
    group by all
),

waiting as (
    select
        windows.store_id,
        windows.item_id,
        bool_or(late.month between windows.window_from and windows.window_to) as is_in_window,
        bool_or(late.is_dispensing or late.is_issuing) as is_use,
        bool_or(
            (late.is_dispensing or late.is_issuing)
            and late.month between windows.window_from and windows.window_to
        ) as is_use_in_window
    from windows
    join reports.waiting_month as late on late.store_id = windows.store_id and late.item_id = windows.item_id
    group by all
),

counted as (
    select
        windows.*,
        windows.lacks_tables or coalesce(waiting.is_in_window, false) as is_incomplete,
        windows.lacks_tables or coalesce(waiting.is_use_in_window, false) as lacks_use,
        (windows.lacks_tables and windows.is_stocked) or coalesce(waiting.is_use, false) as may_have_moved,
        coalesce(windows.first_moved_date > windows.window_from, false) as is_partial,
        coalesce(consumed.units, 0) as consumed_units,
        coalesce(consumed.returned_units, 0) as returned_units,
        case when windows.is_explained then coalesce(without_stock.days, 0) end as stock_out_days,
        case
            when windows.first_moved_date > windows.window_from then
                least(
                    windows.window_months,
                    greatest(1, (date_diff('day', windows.first_moved_date, windows.window_to) + 1) / days_per_month())
                )
            else windows.window_months
        end as divisor_months
    from windows
    left join waiting on waiting.store_id = windows.store_id and waiting.item_id = windows.item_id
    left join consumed on consumed.store_id = windows.store_id and consumed.item_id = windows.item_id
    left join without_stock on without_stock.store_id = windows.store_id and without_stock.item_id = windows.item_id
),

based as (
    select
        *,
        case
            when window_to is null or not knows_use then 'unknown'
            when first_moved_date is null and may_have_moved then 'unknown'
            when first_moved_date is null then 'no_movement'
            when first_moved_date > window_to then 'no_complete_month'
            when
                consumed_units = 0
                and stock_out_days >= date_diff('day', greatest(first_moved_date, window_from), window_to) + 1
                then 'no_stock_in_window'
            when consumed_units = 0 and lacks_use then 'unknown'
            when is_partial then 'partial_history'
            else 'full_window'
        end as amc_basis
    from counted
)

select
    store_id,
    item_id,
    window_months,
    case when amc_basis <> 'unknown' then consumed_units end as consumed_units,
    stock_out_days,
    case
        when amc_basis in ('full_window', 'partial_history') then amc(consumed_units, divisor_months)
        when amc_basis = 'no_movement' then 0
    end as amc_units,
    case
        when amc_basis in ('full_window', 'partial_history') then amc(consumed_units, divisor_months, stock_out_days)
        when amc_basis = 'no_movement' then 0
    end as amc_adjusted_units,
    amc_basis,
    cast(divisor_months as double) as divisor_months,
    window_from,
    window_to,
    is_partial,
    case when knows_invoices then returned_units end as returned_units,
    is_incomplete
from based
