-- What is wrong with documents, whatever they moved: for `data_quality`.
-- One row is: a document, or one of its items, and what is wrong with it.
-- store_id: the store
-- item_id: the item; NULL where it is about no single one
-- table_name: table of the record
-- record_id: the record
-- issue: what is wrong, as in `data_quality`
-- explanation: what that does to the figures
-- units: how much it is about; NULL where that cannot be said
with unsized as (
    select 'invoice' as table_name, invoice_id as document_id, item_id
    from replica.invoice_line
    where packs <> 0 and units(packs, pack_size) is null
    union all
    select 'prescription', prescription_id, item_id
    from replica.prescription_line
    where packs <> 0 and units(packs, pack_size) is null
    union all
    select 'inventory_adjustment', inventory_adjustment_id, item_id
    from replica.inventory_adjustment_line
    where packs <> 0 and units(packs, pack_size) is null
),

finished as (
    select 'invoice' as table_name, id, store_id from replica.invoice where status = 'finalised'
    union all
    select 'prescription', id, store_id from replica.prescription where status = 'finalised'
    union all
    select 'inventory_adjustment', id, store_id from replica.inventory_adjustment where status = 'finalised'
),

made as (
    select 'invoice' as table_name, id, store_id, created_at from replica.invoice
    union all
    select 'prescription', id, store_id, created_at from replica.prescription
    union all
    select 'inventory_adjustment', id, store_id, created_at from replica.inventory_adjustment
    union all
    select 'requisition', id, store_id, created_at from replica.requisition
),

-- Of each site the document that shows best how far its clock is ahead of central's, or behind.
ahead as (
    select
        made.*,
        site.site_code,
        date_diff('hour', site.data_as_of_at, made.created_at) as hours
    from made
    join reports.reporting_store as store on store.store_id = made.store_id
    join ledger.site as site on site.site_id = store.site_id
    where is_ahead(made.created_at, site.data_as_of_at)
    qualify row_number() over (
        partition by site.site_id order by made.created_at desc, made.table_name, made.id
    ) = 1
),

behind as (
    select
        transfer.to_store as store_id,
        transfer.responding_table as table_name,
        transfer.responding_id as id,
        site.site_code,
        date_diff('hour', transfer.ended_at, transfer.made_at) as hours
    from reports.begun_transfer as transfer
    join ledger.site as site on site.site_id = transfer.to_site_id
    where transfer.made_by = 'central' and transfer.state = 'done' and ends_before(transfer.made_at, transfer.ended_at)
    qualify row_number() over (
        partition by site.site_id order by hours desc, transfer.responding_table, transfer.responding_id
    ) = 1
)

select
    finished.store_id,
    unsized.item_id,
    finished.table_name,
    finished.id as record_id,
    'document_pack_size_missing' as issue,
    'it is finalised, and a line has packs but no pack size: that is in no usage and explains no stock' as explanation,
    cast(null as decimal(38, 6)) as units
from finished
join unsized on unsized.table_name = finished.table_name and unsized.document_id = finished.id
group by all
union all
select
    store_id, null, table_name, id, 'clock_ahead',
    concat(
        'it was made ', how_long(hours), ' after the last pull of site ', site_code, ', which had it: the clock there '
        || 'is ahead by as much or more, and its documents may be in a later month'
    ),
    null
from ahead
union all
select
    store_id, null, table_name, id, 'clock_behind',
    concat(
        'it was received ', how_long(hours), ' before central made it: the clock of site ', site_code, ' is behind by '
        || 'as much or more, and its documents may be in an earlier month'
    ),
    null
from behind
union all
select
    transfer.to_store, null, transfer.responding_table, transfer.responding_id, 'ended_before_it_began',
    concat(
        'the transfer from store ', coalesce(transfer.from_store_code, '(without a code)'), ' ended ',
        how_long(date_diff('hour', transfer.ended_at, transfer.begun_at)),
        ' before it began: the clock of one of the two sites is wrong, and no time under way is given'
    ),
    null
from reports.begun_transfer as transfer
where transfer.state = 'done' and ends_before(transfer.begun_at, transfer.ended_at)
union all
select
    purchase_order.store_id, null, 'purchase_order', purchase_order.id, 'currency_rate_missing',
    'its prices are in a currency that is not the home currency and has no rate: its value is unknown', null
from replica.purchase_order as purchase_order
left join replica.currency as currency on currency.id = purchase_order.currency_id
where in_home_currency(1, purchase_order.currency_id, currency.is_home_currency, currency.rate) is null
