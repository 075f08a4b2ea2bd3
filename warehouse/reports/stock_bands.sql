-- How many stores have how much of each item: the share that is stocked according to plan, between the store's minimum
-- and maximum of months, and what it is of. Add up stores over items and divide: never take a mean of percentages.
-- One row is: an item that a store is expected to hold.
-- item_code: code of the item
-- item_name: name of the item
-- is_tracer: it is on the tracer list of `topology.toml`
-- stores_stocked_out: stores that had it, and have nothing usable left
-- stores_below_min: stores that have less than their minimum
-- stores_adequate: stores that are stocked according to plan
-- stores_overstocked: stores that have more than their maximum
-- stores_judged: the four of them together
-- pct_adequate_of_plan: stores_adequate in percent of stores_judged; NULL where none is judged
-- pct_stocked_out_of_plan: stores_stocked_out in percent of stores_judged; NULL likewise
-- stores_no_consumption: stores that have it and need none: in no share
-- stores_never_stocked: stores that never had it: in no share
-- stores_unknown: stores that are silent, or of which nothing says how much is there or needed: in no share
with counted as (
    select
        item_id,
        count(*) filter (stock_status = 'stocked_out') as stocked_out,
        count(*) filter (stock_status = 'below_min') as below_min,
        count(*) filter (stock_status = 'adequate') as adequate,
        count(*) filter (stock_status = 'overstocked') as overstocked,
        count(*) filter (stock_status = 'no_consumption') as no_consumption,
        count(*) filter (stock_status = 'never_stocked') as never_stocked,
        count(*) filter (stock_status = 'unknown') as unknown
    from reports.banded_item
    where is_in_use
    group by item_id
)

select
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
    counted.never_stocked as stores_never_stocked,
    counted.unknown as stores_unknown
from counted
join replica.item as item on item.id = counted.item_id
left join reports.tracer_item as tracer on tracer.item_id = counted.item_id
order by item.code, item.id
