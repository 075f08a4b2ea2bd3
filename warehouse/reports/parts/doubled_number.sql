-- Documents of a store that have the number of another one of their kind, as after a backup was put back: for
--    `data_quality`, and for what letting a site in again comes to.
-- One row is: a document
-- table_name: table of the document
-- record_id: the document
-- store_id: its store
with numbered as (
    select 'invoice' as table_name, id, store_id, type as kind, number from replica.invoice
    union all
    select 'requisition', id, store_id, type, number from replica.requisition
    union all
    select 'build', id, store_id, 'build', number from replica.build
    union all
    select 'goods_received', id, store_id, 'goods_received', number from replica.goods_received
    union all
    select 'inventory_adjustment', id, store_id, 'inventory_adjustment', number from replica.inventory_adjustment
    union all
    select 'payment', id, store_id, 'payment', number from replica.payment
    union all
    select 'prescription', id, store_id, 'prescription', number from replica.prescription
    union all
    select 'purchase_order', id, store_id, 'purchase_order', number from replica.purchase_order
    union all
    select 'replenishment', id, store_id, 'replenishment', number from replica.replenishment
    union all
    select 'stocktake', id, store_id, 'stocktake', number from replica.stocktake
)

select table_name, id as record_id, store_id
from numbered
where number > 0
qualify count(*) over (partition by table_name, store_id, kind, number) > 1
