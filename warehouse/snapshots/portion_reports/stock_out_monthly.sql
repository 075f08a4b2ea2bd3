-- The rate of stock-outs of the stores seen that are open, of items in use.
with counted as (
    select
        month,
        item_code,
        item_name,
        coalesce(sum(stock_out_days), 0) as days_out,
        coalesce(sum(known_days) filter (stock_out_days is not null), 0) as days_known,
        count(*) filter (stock_out_days > 0) as stores_out,
        count(*) filter (stock_out_days is not null) as stores_known,
        count(*) as stores_total
    from reports.stock_monthly
    where is_in_use
    group by all
)

select
    month,
    item_code,
    item_name,
    cast(days_out as bigint) as days_out,
    cast(days_known as bigint) as days_known,
    percent(days_out, days_known) as pct_days_out,
    stores_out,
    stores_known,
    percent(stores_out, stores_known) as pct_stores_out,
    stores_total,
    month_end(month) < today() as is_complete_month
from counted
order by item_code, item_name, month
