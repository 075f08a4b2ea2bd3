-- How many of the stores seen have how much of each item.
with counted as (
    select
        item_code,
        item_name,
        count(*) filter (stock_status = 'stocked_out') as stores_stocked_out,
        count(*) filter (stock_status = 'below_min') as stores_below_min,
        count(*) filter (stock_status = 'adequate') as stores_adequate,
        count(*) filter (stock_status = 'overstocked') as stores_overstocked,
        count(*) filter (stock_status = 'no_consumption') as stores_no_consumption,
        count(*) filter (stock_status = 'never_stocked') as stores_never_stocked,
        count(*) filter (stock_status = 'unknown') as stores_unknown
    from reports.stock_on_hand
    where stock_status <> 'not_in_use'
    group by all
),

tracers as (
    select item_code, item_name, bool_or(is_tracer) as is_tracer from whole.reports.stock_bands group by all
)

select
    counted.item_code,
    counted.item_name,
    coalesce(tracers.is_tracer, false) as is_tracer,
    stores_stocked_out,
    stores_below_min,
    stores_adequate,
    stores_overstocked,
    stores_stocked_out + stores_below_min + stores_adequate + stores_overstocked as stores_judged,
    percent(stores_adequate, stores_judged) as pct_adequate_of_plan,
    percent(stores_stocked_out, stores_judged) as pct_stocked_out_of_plan,
    stores_no_consumption,
    stores_never_stocked,
    stores_unknown
from counted
left join tracers
    on tracers.item_code is not distinct from counted.item_code
    and tracers.item_name is not distinct from counted.item_name
order by counted.item_code, counted.item_name
