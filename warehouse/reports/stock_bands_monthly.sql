-- How many stores had how much of each item at the end of each month: the share that was stocked according to plan, and
-- what it is of. By what was on the shelves, usable or not, since nothing says what was on hold then; by what each
-- store used in the months up to then; and by its minimum and maximum of now. Add up stores and divide: never take a
-- mean of percentages.
-- One row is: item in use x month that is over, of stores that had the item before its end and are open now.
-- month: its first day
-- item_code: code of the item
-- item_name: name of the item
-- is_tracer: it is on the tracer list of `topology.toml`
-- stores_stocked_out: stores that had nothing at its end
-- stores_below_min: stores that had less than their minimum
-- stores_adequate: stores that were stocked according to plan
-- stores_overstocked: stores that had more than their maximum
-- stores_judged: the four of them together
-- pct_adequate_of_plan: stores_adequate in percent of stores_judged; NULL where none is judged
-- pct_stocked_out_of_plan: stores_stocked_out in percent of stores_judged; NULL likewise
-- stores_no_consumption: stores that had it and had used none in those months: in no share
-- stores_unknown: stores of which nothing says how much was there or used: in no share
with counted as (
    select
        item_id,
        month,
        count(*) filter (stock_status = 'stocked_out') as stocked_out,
        count(*) filter (stock_status = 'below_min') as below_min,
        count(*) filter (stock_status = 'adequate') as adequate,
        count(*) filter (stock_status = 'overstocked') as overstocked,
        count(*) filter (stock_status = 'no_consumption') as no_consumption,
        count(*) filter (stock_status = 'unknown') as unknown
    from reports.pair_month
    where stock_status is not null
    group by item_id, month
)

select
    counted.month,
    item.code as item_code,
    item.name as item_name,
    tracer.item_id is not null as is_tracer,
    counted.stocked_out as stores_stocked_out,
    counted.below_min as stores_below_min,
    counted.adequate as stores_adequate,
    counted.overstocked as stores_overstocked,
    counted.stocked_out + counted.below_min + counted.adequate + counted.overstocked as stores_judged,
    percent(counted.adequate, stores_judged) as pct_adequate_of_plan,
    percent(counted.stocked_out, stores_judged) as pct_stocked_out_of_plan,
    counted.no_consumption as stores_no_consumption,
    counted.unknown as stores_unknown
from counted
join replica.item as item on item.id = counted.item_id and coalesce(item.is_active, true)
left join reports.tracer_item as tracer on tracer.item_id = counted.item_id
order by item.code, item.id, counted.month
