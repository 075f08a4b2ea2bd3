-- What a unit of an item costs now, for the reports that put a value on units.
-- One row is: store x item with a stock line.
-- By pair.
-- store_id: the store
-- item_id: the item
-- per_unit: mean of what lies there, in the home currency; of the lines that are empty where nothing does; NULL without
--    a price
-- is_price_missing: some of what lies there has no price
select
    line.store_id,
    line.item_id,
    coalesce(
        sum(cast(counted.value_amount as double)) filter (counted.soh_units > 0 and counted.value_amount > 0)
        / sum(counted.soh_units) filter (counted.soh_units > 0 and counted.value_amount > 0),
        avg(cast(line.cost_price_per_pack as double) / line.pack_size) filter (
            line.cost_price_per_pack > 0 and line.pack_size > 0
        )
    ) as per_unit,
    coalesce(bool_or(counted.soh_units > 0 and counted.value_amount is null), false) as is_price_missing
from replica.stock_line as line
join reports.counted_line as counted on counted.stock_line_id = line.id
group by line.store_id, line.item_id
