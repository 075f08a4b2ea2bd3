-- Lines of both halves of transfers of goods, as central holds them.
-- One row is: a line of a half.
-- kind: stock_transfer, stock_return or internal_order_goods
-- initiating_id: id of the document that began the transfer
-- is_sent: it is a line of the initiating half, else of the responding one
-- item_id: the item; NULL where the line names none
-- batch: as the line has it
-- units: how much; NULL where the pack size is missing
-- value: what the other store pays for it, in the home currency; NULL without a price
with transfer as materialized (
    select
        kind,
        initiating_id,
        responding_table,
        responding_id,
        is_responding_here
    from reports.begun_transfer
    where kind in ('stock_transfer', 'stock_return', 'internal_order_goods')
),

responding_line as (
    select 'invoice' as table_name, invoice_id as document_id, item_id, batch, packs, pack_size, cost_price_per_pack
    from replica.invoice_line
    union all
    select 'goods_received', goods_received_id, item_id, batch, packs, pack_size, cost_price_per_pack
    from replica.goods_received_line
)

select
    transfer.kind,
    transfer.initiating_id,
    true as is_sent,
    line.item_id,
    line.batch,
    units(line.packs, line.pack_size) as units,
    value_at_cost(line.packs, price_between(transfer.kind, line.cost_price_per_pack, line.sell_price_per_pack)) as value
from transfer
join replica.invoice_line as line on line.invoice_id = transfer.initiating_id
union all
select
    transfer.kind,
    transfer.initiating_id,
    false,
    line.item_id,
    line.batch,
    units(line.packs, line.pack_size),
    value_at_cost(line.packs, line.cost_price_per_pack)
from transfer
join responding_line as line
    on line.table_name = transfer.responding_table and line.document_id = transfer.responding_id
where transfer.is_responding_here
