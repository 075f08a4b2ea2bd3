-- Usage by store, item and month, for the reports that need it: `item_usage_monthly` shows it.
-- One row is: store x item x month.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- dispensed_units: to patients; NULL in months after the last pull: unknown, not zero; and of a dispensary of which no
--    prescription ever came
-- issued_units: to customers, stores or others; NULL likewise, and where no invoice ever came
-- usage_units: both less returned_units, not below zero; NULL likewise, and where neither is known
-- stock_out_days: whole days without stock; NULL likewise, and where movements do not explain the stock
-- is_complete_month: all of it had passed when the store's site was last pulled
-- is_known: the site was pulled in that month or later
-- returned_units: came back from customers, stores or others, in the month in which it did; NULL as issued_units
-- is_incomplete: a table that it rests on is not collected or not filled, or finished documents of the item wait
-- waiting_units: what lines of such documents say, in the month: in no figure
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
)

select
    months.store_id,
    months.item_id,
    months.month,
    case when months.month <= store.known_date and known.knows_dispensing then coalesce(used.dispensed_units, 0) end
        as dispensed_units,
    case when months.month <= store.known_date and known.knows_invoices then coalesce(used.issued_units, 0) end
        as issued_units,
    case when months.month <= store.known_date and known.knows_use then coalesce(used.consumed_units, 0) end
        as usage_units,
    case
        when months.month <= store.known_date and months.is_explained then cast(coalesce(out_days.days, 0) as bigint)
    end as stock_out_days,
    coalesce(month_end(months.month) < store.known_date, false) as is_complete_month,
    coalesce(months.month <= store.known_date, false) as is_known,
    case when months.month <= store.known_date and known.knows_invoices then coalesce(used.returned_units, 0) end
        as returned_units,
    not (known.knows_dispensing and known.knows_invoices) or waiting.month is not null as is_incomplete,
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
