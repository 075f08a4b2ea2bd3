-- Whether the stock of an item at a store is what its movements make it.
-- One row is: store x item with stock lines or movements.
-- By pair.
-- store_id: the store
-- item_id: the item
-- soh_units: on the stock lines now
-- moved_units: what all known movements sum up to
-- first_moved_date: day of the first movement; NULL without any
-- last_moved_date: day of the last one
-- last_received_date: day something last came from a supplier or another store
-- is_explained: the two agree, so that the balance of each day is known
with moved as (
    select
        store_id,
        item_id,
        sum(units) as moved_units,
        min(moved_date) as first_moved_date,
        max(moved_date) as last_moved_date,
        max(moved_date) filter (received_units > 0) as last_received_date
    from reports.movement
    group by all
),

held as (
    select store_id, item_id, sum(soh_units) as soh_units from reports.counted_line group by all
)

select
    store_id,
    item_id,
    coalesce(held.soh_units, 0) as soh_units,
    coalesce(moved.moved_units, 0) as moved_units,
    moved.first_moved_date,
    moved.last_moved_date,
    moved.last_received_date,
    abs(coalesce(held.soh_units, 0) - coalesce(moved.moved_units, 0)) <= 0.000001 as is_explained
from held
full join moved using (store_id, item_id)
where item_id is not null
