-- What reports by month over all stores count of each.
-- One row is: store x item x month, as in `used_month`.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- is_disabled: the store is closed
-- stock_status: the band of what was there at the end of the month; NULL of closed stores, and while it is not over
-- stock_out_days: whole days without stock, as in `used_month`
-- known_days: days of the month from the first movement to the last pull
-- is_complete_month: all of it had passed when the store's site was last pulled
-- is_known: the site was pulled in that month or later
-- is_use_known: what was used is known
-- is_incomplete: a table that it rests on is not collected or not filled, or finished documents of the item wait
with months as (
    select
        used.*,
        store.is_disabled,
        store.min_months,
        store.max_months,
        case when used.is_complete_month then balances.closing_units end as closing_units,
        days_within(balance.first_moved_date, store.known_date, used.month, month_end(used.month)) as known_days,
        sum(used.known_use_units) over window_months as consumed_units,
        bool_or(used.lacks_use) over window_months as is_use_lacking,
        sum(used.stock_out_days) over window_months as days_out,
        bool_and(used.known_use_units is not null) over window_months as is_window_known,
        bool_and(used.stock_out_days is not null) over window_months as are_days_known,
        least(
            store.amc_months,
            greatest(1, (date_diff('day', balance.first_moved_date, month_end(used.month)) + 1) / days_per_month())
        ) as divisor_months
    from reports.used_month as used
    join reports.closed_month as balances
        on balances.store_id = used.store_id and balances.item_id = used.item_id and balances.month = used.month
    join reports.balance as balance on balance.store_id = used.store_id and balance.item_id = used.item_id
    join reports.reporting_store as store on store.store_id = used.store_id
    window window_months as (
        partition by used.store_id, used.item_id
        order by used.month
        rows between store.amc_months - 1 preceding and current row
    )
)

select
    store_id,
    item_id,
    month,
    is_disabled,
    case
        when not is_disabled and month_end(month) < today() then
            stock_status(
                true,
                false,
                true,
                closing_units,
                case
                    when not is_window_known or (consumed_units = 0 and is_use_lacking) then null
                    when are_days_known then
                        coalesce(
                            amc(consumed_units, divisor_months, days_out),
                            amc(nullif(consumed_units, 0), divisor_months)
                        )
                    else amc(consumed_units, divisor_months)
                end,
                min_months,
                max_months
            )
    end as stock_status,
    stock_out_days,
    known_days,
    is_complete_month,
    is_known,
    usage_units is not null as is_use_known,
    is_incomplete
from months
