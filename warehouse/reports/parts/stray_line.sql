-- Lines of documents that name a stock line which is not of their store and item, or none that is there: figures of
-- the one pair then rest on documents of the other, and both are worked out together.
-- One row is: store x item x stock line that is named so.
-- By pair. Looks up: stock_line
-- store_id: the store of the document
-- item_id: the item of the line
-- stock_line_id: the stock line that is named
-- named_store_id: the store that has it; NULL where none has
-- named_item_id: its item
with named as (
    select header.store_id, line.item_id, line.stock_line_id
    from replica.invoice as header
    join replica.invoice_line as line on line.invoice_id = header.id
    union all
    select header.store_id, line.item_id, line.stock_line_id
    from replica.prescription as header
    join replica.prescription_line as line on line.prescription_id = header.id
    union all
    select header.store_id, line.item_id, line.stock_line_id
    from replica.inventory_adjustment as header
    join replica.inventory_adjustment_line as line on line.inventory_adjustment_id = header.id
    union all
    select header.store_id, line.item_id, line.stock_line_id
    from replica.build as header
    join replica.build_line as line on line.build_id = header.id
    union all
    select store_id, item_id, stock_line_id from replica.build
    union all
    select header.store_id, line.item_id, line.from_stock_line_id
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
    union all
    select header.store_id, line.item_id, line.to_stock_line_id
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
)

select distinct
    named.store_id,
    named.item_id,
    named.stock_line_id,
    held.store_id as named_store_id,
    held.item_id as named_item_id
from named
left join replica.stock_line as held on held.id = named.stock_line_id
where
    named.stock_line_id is not null
    and (named.store_id is distinct from held.store_id or named.item_id is distinct from held.item_id)
