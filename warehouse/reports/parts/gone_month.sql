-- What was lost and what was given out, by month, with what it is worth: at the cost of the batch that the document
-- names, where that has one, else at what a unit of the item costs at the store.
-- One row is: store x item x month x kind x reason x whether the batch had expired.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- kind: lost, dispensed or issued
-- reason_id: why it was lost; NULL where none is named
-- is_expired: lost on the day on which its batch expired, or later
-- lines: lines of documents
-- units: how much; NULL where no line has a pack size
-- value: at cost; NULL where nothing has a price
-- used_value: of that, what patients got, and customers that are no stores in reports
-- unpriced_units: units that nothing has a price of
-- unknown_lines: lines without a pack size
with lines as (
    select
        moved.store_id,
        moved.item_id,
        cast(date_trunc('month', moved.moved_date) as date) as month,
        moved.kind,
        moved.reason_id,
        moved.kind = 'lost' and is_expired(batch.expiry_date, moved.moved_date) as is_expired,
        moved.kind = 'dispensed' or moved.is_outside as is_used,
        -moved.units as units,
        coalesce(
            case
                when batch.cost_price_per_pack > 0 and batch.pack_size > 0 then
                    cast(batch.cost_price_per_pack as double) / batch.pack_size
            end,
            cost.per_unit
        ) as cost_per_unit
    from reports.moved_line as moved
    left join replica.stock_line as batch
        on batch.id = moved.stock_line_id and batch.store_id = moved.store_id and batch.item_id = moved.item_id
    left join reports.unit_cost as cost on cost.store_id = moved.store_id and cost.item_id = moved.item_id
    where moved.kind in ('lost', 'dispensed', 'issued')
),

valued as (
    select *, cast(cast(units as double) * cost_per_unit as decimal(38, 6)) as value from lines
)

select
    store_id,
    item_id,
    month,
    kind,
    reason_id,
    is_expired,
    count(*) as lines,
    sum(units) as units,
    sum(value) as value,
    sum(value) filter (is_used) as used_value,
    coalesce(sum(units) filter (cost_per_unit is null), 0) as unpriced_units,
    count(*) filter (units is null) as unknown_lines
from valued
group by all
