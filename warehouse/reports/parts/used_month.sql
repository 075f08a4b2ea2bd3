-- Usage by store, item and month, for the reports that need it: `item_usage_monthly` shows it.
-- One row is: store x item x month.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- dispensed_units: to patients; NULL in months after the last pull: unknown, not zero; and of a dispensary of which no
--    prescription ever came; and where none are known and prescriptions wait that may say so
-- issued_units: to customers, stores or others; NULL likewise, where no invoice ever came, and where none are known and
--    invoices wait that may say so
-- usage_units: both less returned_units, not below zero; NULL likewise, where neither is known, and where none are used
--    as far as that is known and one of them is not known or may say more
-- stock_out_days: whole days without stock; NULL likewise, and where movements do not explain the stock
-- is_complete_month: all of it had passed when the store's site was last pulled
-- is_known: the site was pulled in that month or later
-- returned_units: came back from customers, stores or others, in the month in which it did; NULL as issued_units
-- is_incomplete: a table that it rests on is not collected or not filled, or finished documents of the item wait
-- waiting_units: what lines of such documents say, in the month: in no figure
-- known_use_units: as far as it is known what usage_units would be; NULL where nothing is
-- lacks_use: more may have been used than that
with months as (
    select
        balance.store_id,
        balance.item_id,
        balance.is_explained,
        cast(unnest(
            generate_series(
                date_trunc('month', greatest(balance.first_moved_date, first_month())),
                date_trunc('month', today()),
                interval 1 month
            )
        ) as date) as month
    from reports.balance as balance
    where balance.first_moved_date is not null
),

out_months as (
    select
        store_id,
        item_id,
        from_date,
        to_date,
        cast(unnest(
            generate_series(date_trunc('month', from_date), date_trunc('month', to_date), interval 1 month)
        ) as date) as month
    from reports.out_of_stock
    where from_date <= to_date
),

out_days as (
    select
        store_id,
        item_id,
        month,
        sum(days_within(from_date, to_date, month, month_end(month))) as days
    from out_months
    group by all
),

found as (
    select
        months.store_id,
        months.item_id,
        months.month,
        months.is_explained,
        months.month <= store.known_date as is_reached,
        store.known_date,
        known.knows_dispensing,
        known.knows_invoices,
        coalesce(used.dispensed_units, 0) as dispensed_units,
        coalesce(used.issued_units, 0) as issued_units,
        coalesce(used.returned_units, 0) as returned_units,
        case when months.month <= store.known_date and known.knows_use then coalesce(used.consumed_units, 0) end
            as known_use_units,
        cast(coalesce(out_days.days, 0) as bigint) as stock_out_days,
        not (known.knows_dispensing and known.knows_invoices) as lacks_tables,
        waiting.month is not null as has_waiting,
        coalesce(waiting.is_dispensing, false) as dispensing_waits,
        coalesce(waiting.is_issuing, false) as issuing_waits,
        coalesce(waiting.units, 0) as waiting_units
    from months
    join reports.reporting_store as store on store.store_id = months.store_id
    join reports.known_store as known on known.store_id = months.store_id
    left join reports.waiting_month as waiting
        on waiting.store_id = months.store_id
        and waiting.item_id = months.item_id
        and waiting.month = months.month
    left join reports.consumed_month as used
        on used.store_id = months.store_id and used.item_id = months.item_id and used.month = months.month
    left join out_days
        on out_days.store_id = months.store_id and out_days.item_id = months.item_id and out_days.month = months.month
)

select
    store_id,
    item_id,
    month,
    case when is_reached and knows_dispensing then as_far_as_known(dispensed_units, dispensing_waits) end
        as dispensed_units,
    case when is_reached and knows_invoices then as_far_as_known(issued_units, issuing_waits) end as issued_units,
    as_far_as_known(known_use_units, lacks_tables or dispensing_waits or issuing_waits) as usage_units,
    case when is_reached and is_explained then stock_out_days end as stock_out_days,
    coalesce(month_end(month) < known_date, false) as is_complete_month,
    coalesce(is_reached, false) as is_known,
    case when is_reached and knows_invoices then returned_units end as returned_units,
    lacks_tables or has_waiting as is_incomplete,
    waiting_units,
    known_use_units,
    lacks_tables or dispensing_waits or issuing_waits as lacks_use
from found
