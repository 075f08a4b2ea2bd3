-- How much of the time, and at how many stores, each item was out of stock in each month: the rate of stock-outs, with
-- what it is of. Add up the days or the stores over items and divide: never take a mean of percentages.
-- One row is: item x month.
-- month: its first day
-- item_code: code of the item
-- item_name: name of the item
-- days_out: days that stores were without it, together; of stores that had it before, and whose movements explain it
-- days_known: of so many days that it is known, together
-- pct_days_out: days_out in percent of days_known; NULL where no day is known
-- stores_out: stores that were without it on at least one whole day
-- stores_known: of so many
-- pct_stores_out: stores_out in percent of stores_known; NULL where none is known
-- stores_total: stores that had it up to then, known or not
-- is_complete_month: the month is over
with counted as (
    select
        item_id,
        month,
        coalesce(sum(stock_out_days), 0) as days_out,
        coalesce(sum(known_days) filter (stock_out_days is not null), 0) as days_known,
        count(*) filter (stock_out_days > 0) as stores_out,
        count(*) filter (stock_out_days is not null) as stores_known,
        count(*) as stores_total
    from reports.pair_month
    where not is_disabled
    group by all
)

select
    counted.month,
    item.code as item_code,
    item.name as item_name,
    cast(counted.days_out as bigint) as days_out,
    cast(counted.days_known as bigint) as days_known,
    percent(counted.days_out, counted.days_known) as pct_days_out,
    counted.stores_out,
    counted.stores_known,
    percent(counted.stores_out, counted.stores_known) as pct_stores_out,
    counted.stores_total,
    month_end(counted.month) < today() as is_complete_month
from counted
join replica.item as item on item.id = counted.item_id and coalesce(item.is_active, true)
order by item.code, item.id, counted.month
