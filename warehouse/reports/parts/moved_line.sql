-- What moved stock (B42): each line of finalised invoices, prescriptions, adjustments and builds. Replenishments move
-- between lines of one store and item, and change no balance: they are not here.
-- One row is: a line of a document of a store in reports, or what a build made.
-- By pair.
-- store_id: the store
-- item_id: the item
-- stock_line_id: the stock line that it came to or went from, as the document says; NULL where it names none
-- moved_at: when the document was finalised or dispensed; where it does not say, confirmed or made
-- moved_date: the day of that, where the network is
-- table_name: table of the document
-- document_id: its id
-- number: its number; NULL while its site has not given it one
-- kind: received (from a supplier or another store), returned (by a customer), sent_back (to a supplier), issued,
--    dispensed, gained, lost, made (by a build), used (by a build)
-- units: came in; less than 0 went out; NULL where the pack size is missing
-- is_outside: issued to, or returned by, a customer that is no store in reports
-- other_name_id: the customer or supplier
-- reason_id: why it was gained or lost
-- expiry_date: as the line says
with of_stores as (
    select name_id
    from replica.store
    where name_id is not null and id in (select store_id from reports.reporting_store)
),

kinds as (
    select *
    from (
        values
        ('supplier_invoice', 'received', 1),
        ('customer_credit', 'returned', 1),
        ('supplier_credit', 'sent_back', -1),
        ('customer_invoice', 'issued', -1)
    ) as kinds (type, kind, sign)
),

lines as (
    select
        invoice.store_id,
        line.item_id,
        line.stock_line_id,
        coalesce(invoice.finalised_at, invoice.confirmed_at, invoice.created_at) as moved_at,
        'invoice' as table_name,
        invoice.id as document_id,
        invoice.number,
        kinds.kind,
        kinds.sign * units(line.packs, line.pack_size) as units,
        kinds.kind in ('issued', 'returned')
        and coalesce(invoice.other_name_id not in (select name_id from of_stores), true) as is_outside,
        invoice.other_name_id,
        cast(null as varchar) as reason_id,
        line.expiry_date
    from replica.invoice as invoice
    join kinds on kinds.type = invoice.type
    join replica.invoice_line as line on line.invoice_id = invoice.id
    where invoice.status = 'finalised'
    union all
    select
        prescription.store_id,
        line.item_id,
        line.stock_line_id,
        coalesce(prescription.dispensed_at, prescription.created_at),
        'prescription',
        prescription.id,
        prescription.number,
        'dispensed',
        -units(line.packs, line.pack_size),
        false, null, null, null
    from replica.prescription as prescription
    join replica.prescription_line as line on line.prescription_id = prescription.id
    where prescription.status = 'finalised'
    union all
    select
        adjustment.store_id,
        line.item_id,
        line.stock_line_id,
        coalesce(adjustment.finalised_at, adjustment.created_at),
        'inventory_adjustment',
        adjustment.id,
        adjustment.number,
        case when adjustment.type = 'gain' then 'gained' else 'lost' end,
        case when adjustment.type = 'gain' then 1 else -1 end * units(line.packs, line.pack_size),
        false, null,
        line.reason_id,
        null
    from replica.inventory_adjustment as adjustment
    join replica.inventory_adjustment_line as line on line.inventory_adjustment_id = adjustment.id
    where adjustment.status = 'finalised'
    union all
    select
        build.store_id,
        line.item_id,
        line.stock_line_id,
        coalesce(build.finalised_at, build.created_at),
        'build',
        build.id,
        build.number,
        'used',
        -units(line.packs, line.pack_size),
        false, null, null, null
    from replica.build as build
    join replica.build_line as line on line.build_id = build.id
    where build.status = 'finalised'
    union all
    select
        store_id,
        item_id,
        stock_line_id,
        coalesce(finalised_at, created_at),
        'build',
        id,
        number,
        'made',
        units(packs, pack_size),
        false, null, null,
        expiry_date
    from replica.build
    where status = 'finalised'
)

select
    store_id,
    item_id,
    stock_line_id,
    moved_at,
    local_date(moved_at) as moved_date,
    table_name,
    document_id,
    given_number(number) as number,
    kind,
    units,
    is_outside,
    other_name_id,
    reason_id,
    expiry_date
from lines
where item_id is not null and moved_at is not null and store_id in (select store_id from reports.reporting_store)
