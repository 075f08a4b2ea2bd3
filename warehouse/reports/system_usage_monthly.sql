-- How many of an item the system used in each month: what was dispensed, and what was issued to customers that are not
-- stores in reports. So a tablet is counted once, and a dispensary that does not report by what it was issued (B41).
-- One row is: item x month.
-- month: its first day
-- item_code: code of the item
-- item_name: name of the item
-- dispensed_units: to patients, by all stores that are known; NULL in months of which no store is known: unknown,
--    not zero
-- issued_units: to customers that are not stores in reports; NULL likewise
-- usage_units: both less returned_units, not below zero; NULL likewise
-- stores_known: stores with the item that are known to the end of the month, or to today, with nothing lacking
-- stores_total: stores with the item
-- is_complete_month: the month is over
-- returned_units: what customers that are not stores in reports returned, in the month in which it came back; NULL
--    likewise
-- stores_incomplete: of the stores heard, those whose usage of the item lacks something (`item_usage_monthly`)
with used as (
    select
        item_id,
        month,
        sum(dispensed_units) as dispensed_units,
        sum(outside_units) as issued_units,
        sum(outside_returned_units) as returned_units,
        not_negative(sum(dispensed_units + outside_units - outside_returned_units)) as usage_units
    from reports.consumed_month
    group by all
),

counted as (
    select
        month,
        item_id,
        count(*) filter (
            (is_complete_month or (is_known and month = date_trunc('month', today()))) and not is_incomplete
        ) as stores_known,
        count(*) filter (is_known and is_use_known) as stores_heard,
        count(*) filter (is_known and is_incomplete) as stores_incomplete,
        count(*) as stores_total
    from reports.pair_month
    group by month, item_id
),

-- Stores that are expected to have the item and were never heard of are unknown in every month.
unheard as (
    select expected.item_id, count(*) as stores
    from reports.expected_item as expected
    join reports.reporting_store as store on store.store_id = expected.store_id and store.data_as_of_at is null
    group by expected.item_id
)

select
    counted.month,
    item.code as item_code,
    item.name as item_name,
    case when counted.stores_heard > 0 then coalesce(used.dispensed_units, 0) end as dispensed_units,
    case when counted.stores_heard > 0 then coalesce(used.issued_units, 0) end as issued_units,
    case when counted.stores_heard > 0 then coalesce(used.usage_units, 0) end as usage_units,
    counted.stores_known,
    counted.stores_total + coalesce(unheard.stores, 0) as stores_total,
    month_end(counted.month) < today() as is_complete_month,
    case when counted.stores_heard > 0 then coalesce(used.returned_units, 0) end as returned_units,
    counted.stores_incomplete
from counted
join replica.item as item on item.id = counted.item_id
left join used on used.item_id = counted.item_id and used.month = counted.month
left join unheard on unheard.item_id = counted.item_id
order by item.code, item.id, counted.month
