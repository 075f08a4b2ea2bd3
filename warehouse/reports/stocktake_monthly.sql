-- What stocktakes found against the books: lines that were just so, what was short and what was over. Add up lines and
-- values and divide: never take a mean of percentages.
-- One row is: store x item x month, where a finished stocktake has the item.
-- month: its first day
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- lines: lines of stocktakes
-- counted_lines: of these, those that say what was counted and what the books had
-- exact_lines: of counted_lines, those where both are the same
-- pct_exact: exact_lines in percent of counted_lines; NULL where none was counted
-- book_units: what the books had, of counted_lines; NULL where none has a pack size
-- short_units: by how much less was there, where less was
-- over_units: by how much more was there, where more was
-- book_value: book_units at cost, in the home currency; NULL where a line has no price
-- short_value: short_units likewise
-- over_value: over_units likewise
-- last_counted_date: the day of the last of these stocktakes
-- data_as_of_at: when the store's site was last pulled
with lines as (
    select
        stocktake.store_id,
        line.item_id,
        local_date(coalesce(stocktake.finalised_at, stocktake.created_at)) as counted_date,
        line.snapshot_packs is not null and line.counted_packs is not null as is_counted,
        is_counted and line.snapshot_packs = line.counted_packs as is_exact,
        case when is_counted then units(line.snapshot_packs, line.pack_size) end as book_units,
        case when is_counted then units(line.counted_packs - line.snapshot_packs, line.pack_size) end as more_units,
        coalesce(
            case
                when batch.cost_price_per_pack > 0 and batch.pack_size > 0 then
                    cast(batch.cost_price_per_pack as double) / batch.pack_size
            end,
            cost.per_unit
        ) as cost_per_unit
    from replica.stocktake as stocktake
    join replica.stocktake_line as line on line.stocktake_id = stocktake.id
    left join replica.stock_line as batch
        on batch.id = line.stock_line_id and batch.store_id = stocktake.store_id and batch.item_id = line.item_id
    left join reports.unit_cost as cost on cost.store_id = stocktake.store_id and cost.item_id = line.item_id
    where stocktake.status = 'finalised'
),

valued as (
    select
        *,
        cast(date_trunc('month', counted_date) as date) as month,
        case when book_units = 0 then 0 else cast(cast(book_units as double) * cost_per_unit as decimal(38, 6)) end
            as book_value,
        case when more_units = 0 then 0 else cast(cast(more_units as double) * cost_per_unit as decimal(38, 6)) end
            as more_value
    from lines
),

counted as (
    select
        store_id,
        item_id,
        month,
        count(*) as lines,
        count(*) filter (is_counted) as counted_lines,
        count(*) filter (is_exact) as exact_lines,
        sum(book_units) as book_units,
        case when count(more_units) > 0 then coalesce(-sum(more_units) filter (more_units < 0), 0) end as short_units,
        case when count(more_units) > 0 then coalesce(sum(more_units) filter (more_units > 0), 0) end as over_units,
        case when count(book_value) = counted_lines then sum(book_value) end as book_value,
        case when count(more_value) = counted_lines and counted_lines > 0 then
            coalesce(-sum(more_value) filter (more_value < 0), 0)
        end as short_value,
        case when count(more_value) = counted_lines and counted_lines > 0 then
            coalesce(sum(more_value) filter (more_value > 0), 0)
        end as over_value,
        max(counted_date) as last_counted_date
    from valued
    where counted_date is not null
    group by all
)

select
    counted.month,
    store.store_code,
    store.store_name,
    item.code as item_code,
    item.name as item_name,
    counted.lines,
    counted.counted_lines,
    counted.exact_lines,
    percent(counted.exact_lines, counted.counted_lines) as pct_exact,
    counted.book_units,
    counted.short_units,
    counted.over_units,
    counted.book_value,
    counted.short_value,
    counted.over_value,
    counted.last_counted_date,
    store.data_as_of_at
from counted
join reports.reporting_store as store on store.store_id = counted.store_id
join replica.item as item on item.id = counted.item_id
order by counted.month desc, store.store_code, item.code, item.id
