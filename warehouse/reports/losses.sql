-- What was lost, and why: losses that adjustments say. What expired and still lies on the shelf is no loss yet
-- (`expiring_stock`). What part that is of what was given out: by the values of `stock_monthly`, added up and divided.
-- One row is: store x item x month x reason, where something was lost.
-- month: its first day
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- reason: as the adjustment says; `no reason` where it says none
-- lines: lines of adjustments
-- lost_units: how much; NULL where no line has a pack size
-- lost_value: at the cost of the batch, else of the item at the store, in the home currency; NULL without a price
-- expired_units: of lost_units, batches that had expired by then, whatever the reason says
-- expired_value: of lost_value, the same
-- value_missing_units: units that nothing has a price of, not in lost_value
-- unknown_lines: lines without a pack size, in no figure
-- data_as_of_at: when the store's site was last pulled
with lost as (
    select
        gone.store_id,
        gone.item_id,
        gone.month,
        coalesce(reason.name, 'no reason') as reason,
        cast(sum(gone.lines) as bigint) as lines,
        sum(gone.units) as lost_units,
        sum(gone.value) as lost_value,
        coalesce(sum(gone.units) filter (gone.is_expired), 0) as expired_units,
        case
            when bool_or(gone.is_expired) then sum(gone.value) filter (gone.is_expired)
            else 0
        end as expired_value,
        sum(gone.unpriced_units) as value_missing_units,
        cast(sum(gone.unknown_lines) as bigint) as unknown_lines
    from reports.lost_month as gone
    left join replica.reason_option as reason on reason.id = gone.reason_id
    group by all
)

select
    lost.month,
    store.store_code,
    store.store_name,
    item.code as item_code,
    item.name as item_name,
    lost.reason,
    lost.lines,
    lost.lost_units,
    lost.lost_value,
    lost.expired_units,
    lost.expired_value,
    lost.value_missing_units,
    lost.unknown_lines,
    store.data_as_of_at
from lost
join reports.reporting_store as store on store.store_id = lost.store_id
join replica.item as item on item.id = lost.item_id
order by lost.month desc, store.store_code, item.code, item.id, lost.reason
