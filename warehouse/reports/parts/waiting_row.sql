-- Rows that figures need and that wait: of documents and stock of stores in reports. What they say is in no figure.
-- One row is: a change that waits.
-- store_id: the store that it is of
-- table_name: the table it counts with: stock_line, or that of its document
-- item_id: the item that it names; NULL where that is not known, or a document has no item of its own
-- units: what it says; NULL of a document by itself, of what is deleted, and without a pack size
-- value: that at cost; NULL likewise, and without a price
-- moved_date: the day that its document was finalised or dispensed; NULL of stock, and where it is not finished
-- is_counted: it would be in stock, or in what moved
-- is_dispensing: it may say what patients got
-- is_issuing: it may say what customers got: of an invoice to them, or of one that does not say of which kind it is
with open_changes as (
    select
        site_id,
        table_name,
        record_id,
        cast(site_row as json) as said,
        case when table_name like '%_line' and table_name <> 'stock_line' then table_name[:-6] else table_name end
            as document_table
    from ledger.quarantine
    where
        verdict = 'waiting'
        and state = 'open'
        and table_name in (
            'stock_line', 'invoice', 'invoice_line', 'prescription', 'prescription_line', 'inventory_adjustment',
            'inventory_adjustment_line', 'build', 'build_line', 'requisition', 'requisition_line', 'purchase_order',
            'purchase_order_line', 'goods_received', 'goods_received_line', 'amc_projection'
        )
),

documents as (
    select 'invoice' as table_name, id, store_id, status, finalised_at as done_at, type from replica.invoice
    union all
    select 'prescription', id, store_id, status, dispensed_at, null from replica.prescription
    union all
    select 'inventory_adjustment', id, store_id, status, finalised_at, null from replica.inventory_adjustment
    union all
    select 'build', id, store_id, status, finalised_at, null from replica.build
),

named as (
    select
        *,
        case when document_table = table_name then record_id else said ->> concat(document_table, '_id') end
            as document_id
    from open_changes
),

placed as (
    select
        line.table_name,
        line.document_table,
        line.said,
        coalesce(line.said ->> 'store_id', header.said ->> 'store_id', document.store_id, known.owner) as store_id,
        coalesce(line.said ->> 'item_id', '') as named_item_id,
        coalesce(header.said ->> 'status', document.status) as status,
        coalesce(header.said ->> 'type', document.type) as type,
        coalesce(
            try_cast(coalesce(header.said ->> 'finalised_at', header.said ->> 'dispensed_at') as timestamptz),
            document.done_at
        ) as done_at
    from named as line
    left join named as header
        on header.site_id = line.site_id
        and header.table_name = line.document_table
        and header.record_id = line.document_id
    left join documents as document on document.table_name = line.document_table and document.id = line.document_id
    left join ledger.record as known on known.table_name = line.table_name and known.record_id = line.record_id
)

select
    placed.store_id,
    placed.document_table as table_name,
    item.id as item_id,
    units(
        coalesce(try_cast(said ->> 'total_packs' as decimal(18, 6)), try_cast(said ->> 'packs' as decimal(18, 6))),
        try_cast(said ->> 'pack_size' as decimal(18, 6))
    ) as units,
    value_at_cost(
        coalesce(try_cast(said ->> 'total_packs' as decimal(18, 6)), try_cast(said ->> 'packs' as decimal(18, 6))),
        try_cast(said ->> 'cost_price_per_pack' as decimal(18, 6))
    ) as value,
    case when placed.status = 'finalised' then local_date(placed.done_at) end as moved_date,
    placed.document_table = 'stock_line' or coalesce(placed.status = 'finalised', false) as is_counted,
    placed.document_table = 'prescription' as is_dispensing,
    placed.document_table = 'invoice' and coalesce(placed.type = 'customer_invoice', true) as is_issuing
from placed
join reports.reporting_store as store on store.store_id = placed.store_id
left join replica.item as item on item.id = placed.named_item_id
