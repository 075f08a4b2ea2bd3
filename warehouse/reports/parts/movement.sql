-- What moved stock (B42): finalised invoices, prescriptions, adjustments and builds, a day at a time. Replenishments
-- move between lines of one store and item, and change no balance.
-- One row is: store x item x day on which something moved.
-- store_id: the store
-- item_id: the item
-- moved_date: the day, where the network is
-- units: came in less went out
-- in_units: came in
-- received_units: of that, from suppliers and other stores
-- dispensed_units: went out to patients
-- issued_units: went out to customers, stores or others
-- outside_units: of that, to customers that are not stores in reports
with of_stores as (
    select name_id
    from replica.store
    where name_id is not null and id in (select store_id from reports.reporting_store)
),

invoiced as (
    select
        invoice.store_id,
        line.item_id,
        local_date(coalesce(invoice.finalised_at, invoice.confirmed_at, invoice.created_at)) as moved_date,
        units(line.packs, line.pack_size) as units,
        invoice.type in ('supplier_invoice', 'customer_credit') as is_in,
        invoice.type = 'supplier_invoice' as is_received,
        invoice.type = 'customer_invoice' as is_issued,
        coalesce(invoice.other_name_id not in (select name_id from of_stores), true) as is_outside
    from replica.invoice as invoice
    join replica.invoice_line as line on line.invoice_id = invoice.id
    where invoice.status = 'finalised'
),

moved as (
    select
        store_id,
        item_id,
        moved_date,
        case when is_in then units else -units end as units,
        case when is_received then units end as received_units,
        cast(null as decimal(38, 6)) as dispensed_units,
        case when is_issued then units end as issued_units,
        case when is_issued and is_outside then units end as outside_units
    from invoiced
    union all
    select store_id, item_id, dispensed_date, -dispensed_units, null, dispensed_units, null, null
    from reports.dispensing_daily
    union all
    select
        adjustment.store_id,
        line.item_id,
        local_date(coalesce(adjustment.finalised_at, adjustment.created_at)),
        case when adjustment.type = 'gain' then 1 else -1 end * units(line.packs, line.pack_size),
        null, null, null, null
    from replica.inventory_adjustment as adjustment
    join replica.inventory_adjustment_line as line on line.inventory_adjustment_id = adjustment.id
    where adjustment.status = 'finalised'
    union all
    select
        build.store_id,
        line.item_id,
        local_date(coalesce(build.finalised_at, build.created_at)),
        -units(line.packs, line.pack_size),
        null, null, null, null
    from replica.build as build
    join replica.build_line as line on line.build_id = build.id
    where build.status = 'finalised'
    union all
    select
        store_id,
        item_id,
        local_date(coalesce(finalised_at, created_at)),
        units(packs, pack_size),
        null, null, null, null
    from replica.build
    where status = 'finalised'
)

select
    store_id,
    item_id,
    moved_date,
    sum(units) as units,
    coalesce(sum(units) filter (units > 0), 0) as in_units,
    coalesce(sum(received_units), 0) as received_units,
    coalesce(sum(dispensed_units), 0) as dispensed_units,
    coalesce(sum(issued_units), 0) as issued_units,
    coalesce(sum(outside_units), 0) as outside_units
from moved
where item_id is not null and moved_date is not null and store_id in (select store_id from reports.reporting_store)
group by store_id, item_id, moved_date
having count(units) > 0
