-- Usage by store, item and month, for the reports that need it: `item_usage_monthly` shows it.
-- One row is: store x item x month.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- dispensed_units: to patients; NULL in months after the last pull: unknown, not zero
-- issued_units: to customers, stores or others; NULL likewise
-- usage_units: both less returned_units, not below zero; NULL likewise
-- stock_out_days: whole days without stock; NULL likewise, and where movements do not explain the stock
-- is_complete_month: all of it had passed when the store's site was last pulled
-- is_known: the site was pulled in that month or later
-- returned_units: came back from customers, stores or others, in the month in which it did; NULL likewise
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
    case when months.month <= store.known_date then coalesce(used.dispensed_units, 0) end as dispensed_units,
    case when months.month <= store.known_date then coalesce(used.issued_units, 0) end as issued_units,
    case when months.month <= store.known_date then coalesce(used.consumed_units, 0) end as usage_units,
    case
        when months.month <= store.known_date and months.is_explained then cast(coalesce(out_days.days, 0) as bigint)
    end as stock_out_days,
    coalesce(month_end(months.month) < store.known_date, false) as is_complete_month,
    coalesce(months.month <= store.known_date, false) as is_known,
    case when months.month <= store.known_date then coalesce(used.returned_units, 0) end as returned_units
from months
join reports.reporting_store as store on store.store_id = months.store_id
left join reports.consumed_month as used
    on used.store_id = months.store_id and used.item_id = months.item_id and used.month = months.month
left join out_days
    on out_days.store_id = months.store_id and out_days.item_id = months.item_id and out_days.month = months.month
