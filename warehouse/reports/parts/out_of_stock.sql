-- Times at which a store had nothing of an item that it had before. The balance of each day is worked out backwards
-- from the stock of now through the movements (B20), so only where they explain it.
-- One row is: store x item x time without stock.
-- By pair.
-- store_id: the store
-- item_id: the item
-- out_date: the day on which it ran out
-- from_date: the first whole day without stock
-- to_date: the last one; the last day that is known where it is still out
-- is_out_still: nothing came since
with closing as (
    select
        movement.store_id,
        movement.item_id,
        movement.moved_date,
        balance.soh_units - coalesce(
            sum(movement.units) over (
                partition by movement.store_id, movement.item_id
                order by movement.moved_date
                rows between 1 following and unbounded following
            ),
            0
        ) <= 0 as is_out,
        sum(movement.in_units) over (
            partition by movement.store_id, movement.item_id
            order by movement.moved_date
            rows between unbounded preceding and current row
        ) > 0 as was_stocked,
        lead(movement.moved_date) over (
            partition by movement.store_id, movement.item_id order by movement.moved_date
        ) as next_moved_date
    from reports.movement as movement
    join reports.balance as balance using (store_id, item_id)
    where balance.is_explained
),

numbered as (
    select
        *,
        count(*) filter (not (is_out and was_stocked)) over (
            partition by store_id, item_id order by moved_date rows between unbounded preceding and current row
        ) as time_number
    from closing
)

select
    numbered.store_id,
    numbered.item_id,
    min(numbered.moved_date) as out_date,
    min(numbered.moved_date) + 1 as from_date,
    case
        when bool_or(numbered.next_moved_date is null) then any_value(store.known_date)
        else max(numbered.next_moved_date) - 1
    end as to_date,
    bool_or(numbered.next_moved_date is null) as is_out_still
from numbered
join reports.reporting_store as store on store.store_id = numbered.store_id
where numbered.is_out and numbered.was_stocked
group by numbered.store_id, numbered.item_id, numbered.time_number
