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

-- what all lines of a document have in common is worked out once for it
invoices as (
    select
        invoice.id,
        invoice.store_id,
        coalesce(invoice.finalised_at, invoice.confirmed_at, invoice.created_at) as moved_at,
        local_date(coalesce(invoice.finalised_at, invoice.confirmed_at, invoice.created_at)) as moved_date,
        given_number(invoice.number) as number,
        kinds.kind,
        kinds.sign,
        kinds.kind in ('issued', 'returned')
        and coalesce(invoice.other_name_id not in (select name_id from of_stores), true) as is_outside,
        invoice.other_name_id
    from replica.invoice as invoice
    join kinds on kinds.type = invoice.type
    where invoice.status = 'finalised'
),

prescriptions as (
    select
        id,
        store_id,
        coalesce(dispensed_at, created_at) as moved_at,
        local_date(coalesce(dispensed_at, created_at)) as moved_date,
        given_number(number) as number
    from replica.prescription
    where status = 'finalised'
),

adjustments as (
    select
        id,
        store_id,
        coalesce(finalised_at, created_at) as moved_at,
        local_date(coalesce(finalised_at, created_at)) as moved_date,
        given_number(number) as number,
        case when type = 'gain' then 'gained' else 'lost' end as kind,
        case when type = 'gain' then 1 else -1 end as sign
    from replica.inventory_adjustment
    where status = 'finalised'
),

builds as (
    select
        *,
        coalesce(finalised_at, created_at) as moved_at,
        local_date(coalesce(finalised_at, created_at)) as moved_date,
        given_number(number) as own_number
    from replica.build
    where status = 'finalised'
),

lines as (
    select
        invoice.store_id,
        line.item_id,
        line.stock_line_id,
        invoice.moved_at,
        invoice.moved_date,
        'invoice' as table_name,
        invoice.id as document_id,
        invoice.number,
        invoice.kind,
        invoice.sign * units(line.packs, line.pack_size) as units,
        invoice.is_outside,
        invoice.other_name_id,
        cast(null as varchar) as reason_id,
        line.expiry_date
    from invoices as invoice
    join replica.invoice_line as line on line.invoice_id = invoice.id
    union all
    select
        prescription.store_id,
        line.item_id,
        line.stock_line_id,
        prescription.moved_at,
        prescription.moved_date,
        'prescription',
        prescription.id,
        prescription.number,
        'dispensed',
        -units(line.packs, line.pack_size),
        false, null, null, null
    from prescriptions as prescription
    join replica.prescription_line as line on line.prescription_id = prescription.id
    union all
    select
        adjustment.store_id,
        line.item_id,
        line.stock_line_id,
        adjustment.moved_at,
        adjustment.moved_date,
        'inventory_adjustment',
        adjustment.id,
        adjustment.number,
        adjustment.kind,
        adjustment.sign * units(line.packs, line.pack_size),
        false, null,
        line.reason_id,
        null
    from adjustments as adjustment
    join replica.inventory_adjustment_line as line on line.inventory_adjustment_id = adjustment.id
    union all
    select
        build.store_id,
        line.item_id,
        line.stock_line_id,
        build.moved_at,
        build.moved_date,
        'build',
        build.id,
        build.own_number,
        'used',
        -units(line.packs, line.pack_size),
        false, null, null, null
    from builds as build
    join replica.build_line as line on line.build_id = build.id
    union all
    select
        store_id,
        item_id,
        stock_line_id,
        moved_at,
        moved_date,
        'build',
        id,
        own_number,
        'made',
        units(packs, pack_size),
        false, null, null,
        expiry_date
    from builds
)

select
    store_id,
    item_id,
    stock_line_id,
    moved_at,
    moved_date,
    table_name,
    document_id,
    number,
    kind,
    units,
    is_outside,
    other_name_id,
    reason_id,
    expiry_date
from lines
where item_id is not null and moved_at is not null and store_id in (select store_id from reports.reporting_store)
