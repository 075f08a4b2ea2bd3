-- What is wrong with stock lines, and with what their movements make of them: for `data_quality`.
-- One row is: a stock line, or a store x item, and what is wrong with it.
-- By pair.
-- store_id: the store
-- item_id: the item; NULL where it is about no single one
-- table_name: table of the record; NULL for a store x item
-- record_id: the record; NULL likewise
-- issue: what is wrong, as in `data_quality`
-- explanation: what that does to the figures
-- units: how much it is about; NULL where that cannot be said
with lines as (
    select
        line.id,
        line.store_id,
        line.item_id,
        line.expiry_date,
        counted.soh_units,
        counted.value_missing_units,
        line.total_packs,
        units(line.total_packs - line.available_packs, line.pack_size) as set_aside_units
    from reports.counted_line as counted
    join replica.stock_line as line on line.id = counted.stock_line_id
),

-- What came to each stock line and went from it, as documents name it; what moved between lines too.
named as (
    select store_id, item_id, stock_line_id, units from reports.moved_line
    union all
    select header.store_id, line.item_id, line.to_stock_line_id, units(line.packs, line.pack_size)
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
    where header.status = 'finalised'
    union all
    select header.store_id, line.item_id, line.from_stock_line_id, -units(line.packs, line.pack_size)
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
    where header.status = 'finalised'
),

-- Only where every document names the lines, each can be judged by itself.
told as (
    select store_id, item_id
    from named
    group by all
    having count(*) = count(stock_line_id)
),

by_line as (
    select named.store_id, named.item_id, named.stock_line_id as id, sum(named.units) as moved_units
    from named
    join told on told.store_id = named.store_id and told.item_id = named.item_id
    group by all
),

batches as (
    select
        coalesce(lines.store_id, by_line.store_id) as store_id,
        coalesce(lines.item_id, by_line.item_id) as item_id,
        coalesce(lines.id, by_line.id) as id,
        coalesce(lines.soh_units, 0) as soh_units,
        coalesce(by_line.moved_units, 0) as moved_units
    from (
        select lines.*
        from lines
        join told on told.store_id = lines.store_id and told.item_id = lines.item_id
        where lines.soh_units is not null
    ) as lines
    full join by_line
        on by_line.id = lines.id and by_line.store_id = lines.store_id and by_line.item_id = lines.item_id
    where
        coalesce(by_line.store_id, lines.store_id) in (select store_id from reports.reporting_store)
        and coalesce(by_line.id not in (select id from lines where soh_units is null), true)
),

-- What documents that are not finished have set aside.
open_lines as (
    select header.store_id, line.item_id, line.stock_line_id, units(line.packs, line.pack_size) as units
    from replica.invoice as header
    join replica.invoice_line as line on line.invoice_id = header.id
    where header.status <> 'finalised' and header.type in ('customer_invoice', 'supplier_credit')
    union all
    select header.store_id, line.item_id, line.stock_line_id, units(line.packs, line.pack_size)
    from replica.prescription as header
    join replica.prescription_line as line on line.prescription_id = header.id
    where header.status <> 'finalised'
    union all
    select header.store_id, line.item_id, line.stock_line_id, units(line.packs, line.pack_size)
    from replica.inventory_adjustment as header
    join replica.inventory_adjustment_line as line on line.inventory_adjustment_id = header.id
    where header.status <> 'finalised' and header.type = 'loss'
    union all
    select header.store_id, line.item_id, line.stock_line_id, units(line.packs, line.pack_size)
    from replica.build as header
    join replica.build_line as line on line.build_id = header.id
    where header.status <> 'finalised'
    union all
    select header.store_id, line.item_id, line.from_stock_line_id, units(line.packs, line.pack_size)
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
    where header.status <> 'finalised'
),

open_by_line as (
    select stock_line_id as id, sum(units) as units from open_lines where stock_line_id is not null group by all
),

open_unnamed as (
    select store_id, item_id, sum(units) as units from open_lines where stock_line_id is null group by all
),

set_aside as (
    select
        lines.*,
        lines.set_aside_units - coalesce(open_by_line.units, 0) - coalesce(open_unnamed.units, 0) as unexplained_units
    from lines
    left join open_by_line on open_by_line.id = lines.id
    left join open_unnamed on open_unnamed.store_id = lines.store_id and open_unnamed.item_id = lines.item_id
    where lines.set_aside_units <> 0
)

select
    store_id,
    item_id,
    'stock_line' as table_name,
    id as record_id,
    'pack_size_missing' as issue,
    'the line has packs but no pack size: its units are unknown and in no sum' as explanation,
    cast(null as decimal(38, 6)) as units
from lines
where soh_units is null and total_packs is not null
union all
select
    store_id, item_id, 'stock_line', id, 'packs_missing',
    'nobody said how many packs are on the line: its units and its value are unknown and in no sum', null
from lines
where total_packs is null
union all
select
    store_id, item_id, 'stock_line', id, 'item_missing',
    'the line names no item that is known: it counts in the value of the store and in no report by item', soh_units
from lines
where total_packs <> 0 and (item_id is null or item_id not in (select id from replica.item))
union all
select
    store_id, item_id, 'stock_line', id, 'negative_stock',
    'more was issued than was there: counted as it is in stock on hand, as nothing in what can be used', soh_units
from lines
where soh_units < 0
union all
select
    store_id, item_id, 'stock_line', id, 'price_missing', 'there is no cost price: its value is in no sum',
    value_missing_units
from lines
where value_missing_units > 0
union all
select
    store_id, item_id, 'stock_line', id, 'expiry_missing', 'there is no expiry date: it counts as never expiring',
    soh_units
from lines
where expiry_date is null and soh_units > 0
union all
select
    store_id, item_id, null, null, 'balance_not_explained',
    'stock on hand is not what the movements sum up to: days out of stock are not counted',
    soh_units - moved_units
from reports.balance
where not is_explained
union all
select
    store_id, item_id, 'stock_line', id, 'batch_not_explained',
    concat(
        'it holds ', plainly(soh_units), ' where the documents that name it sum up to ', plainly(moved_units),
        ': one of them was booked on another batch, or the line was changed without one'
    ),
    soh_units - moved_units
from batches
where abs(soh_units - moved_units) > 0.000001
union all
select
    store_id, item_id, 'stock_line', id, 'available_not_explained',
    'packs are set aside, and no open document has them: nobody can issue them, and they count as usable',
    unexplained_units
from set_aside
where unexplained_units > 0
union all
select
    store_id, item_id, 'stock_line', id, 'more_available_than_there',
    'more packs are free to be issued than are there', -set_aside_units
from set_aside
where set_aside_units < 0
