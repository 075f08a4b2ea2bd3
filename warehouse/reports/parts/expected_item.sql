-- Which items a store is expected to hold (B20): it has a stock line, the item is on one of its lists, or some is on
-- the way.
-- One row is: store x item.
-- store_id: the store, one in reports
-- item_id: the item
-- is_in_use: the store is open, and the item is used
-- is_stocked: the store ever had it: a stock line, or something moved
-- first_moved_date: day of the first movement; NULL without any
-- last_moved_date: day of the last one
-- last_received_date: day something last came from a supplier or another store
-- is_explained: its movements explain its stock
with expected as (
    select store_id, item_id from replica.stock_line
    union
    select store_id, item_id from replica.item_store_join
    union
    select joined.store_id, line.item_id
    from replica.master_list_store as joined
    join replica.master_list as list on list.id = joined.master_list_id and coalesce(list.is_active, true)
    join replica.master_list_line as line on line.master_list_id = joined.master_list_id
    union
    select store_id, item_id from reports.in_transit
)

select
    expected.store_id,
    expected.item_id,
    not store.is_disabled and coalesce(item.is_active, true) as is_in_use,
    balance.store_id is not null as is_stocked,
    balance.first_moved_date,
    balance.last_moved_date,
    balance.last_received_date,
    coalesce(balance.is_explained, true) as is_explained
from expected
join reports.reporting_store as store on store.store_id = expected.store_id
join replica.item as item on item.id = expected.item_id
left join reports.balance as balance
    on balance.store_id = expected.store_id and balance.item_id = expected.item_id
