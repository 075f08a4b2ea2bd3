-- Every transfer that central knows, and how it stands: what `transfers` and `in_transit` are made of. Those that were
-- finished before their sites were first read are known by the links that their two documents have.
-- One row is: a transfer, between whatever stores.
-- kind: stock_transfer, stock_return, requisition, internal_order, internal_order_goods
-- from_store: id of the store of the initiating half
-- to_store: id of the store of the responding half
-- from_store_code: code of the one; NULL without a record
-- to_store_code: code of the other; NULL without a record
-- from_site_id: the site where the one is active; NULL where that is nowhere
-- to_site_id: the site where the other is active; NULL where that is nowhere
-- table_name: table of the initiating half
-- initiating_id: its id
-- responding_table: table of the responding half
-- responding_id: its id; NULL while there is none
-- state: waiting, sent, arrived, done, unlinked, dropped, history
-- waits: reason code while waiting, and of history
-- begun_at: as the initiating half says
-- days_under_way: whole days from then until now, or until it was done; NULL where documents do not say
-- from_number: number of the initiating half
-- to_number: number of the responding half; NULL while its site has not given it one
-- is_initiating_here: central holds the initiating half
-- is_responding_here: central holds the responding half
-- from_status: status of the initiating half
-- to_status: status of the responding half
-- is_on_hold: the responding half is on hold
-- requisition_id: the requisition that the initiating invoice was made for
-- is_centralised: the initiating half is an order that primary makes for the store
-- made_by: who made the responding half: central or its site
-- made_cycle: in which cycle that was, or was seen
-- made_at: when
-- data_as_of_at: the older of the two sites' data, of those that were pulled
-- ended_at: when the responding half was received or finalised; NULL where that is to come, or no document says
-- is_recall_asked: the receiver was corrected, and the site of the first one is asked to take its half back
-- is_from_before: it was finished before its sites were first read, and is known by its documents alone
with halves as (
    select
        'invoice' as table_name,
        id,
        store_id,
        status,
        number,
        on_hold,
        finalised_at as ended_at,
        requisition_id,
        false as is_centralised
    from replica.invoice
    union all
    select 'requisition', id, store_id, status, number, null, finalised_at, null, false from replica.requisition
    union all
    select 'purchase_order', id, store_id, status, number, null, null, null, is_centralised from replica.purchase_order
    union all
    select 'goods_received', id, store_id, status, number, on_hold, received_at, null, false from replica.goods_received
),

-- Goods received move nothing themselves (B42): the supplier invoice that the store makes of them does.
receipts as (
    select
        goods_received_id,
        store_id,
        bool_or(coalesce(status = 'finalised', false)) as is_finalised,
        min(finalised_at) filter (status = 'finalised') as ended_at
    from replica.invoice
    where type = 'supplier_invoice' and goods_received_id is not null
    group by all
),

active as (
    select instance.store_id, site.site_id, site.data_as_of_at
    from reports.store_place as instance
    join ledger.site as site on site.site_id = instance.site_id
),

stood as (
    select
        transfer.*,
        initiating.id is not null as is_initiating_here,
        initiating.number as initiating_number,
        initiating.status as from_status,
        initiating.requisition_id,
        coalesce(initiating.is_centralised, false) as is_centralised,
        responding.number as responding_number,
        responding.status as to_status,
        responding.id is not null as is_responding_here,
        coalesce(responding.on_hold, false) as is_on_hold,
        false as is_from_before,
        coalesce(
            receipt.is_finalised,
            responding.status = 'finalised' and (
                transfer.responding_table <> 'goods_received'
                or transfer.to_store in (select store_id from ledger.withheld) -- whose invoices stay at their site
            ),
            false
        ) as is_finalised,
        case when receipt.goods_received_id is null then responding.ended_at else receipt.ended_at end as ended_at
    from ledger.transfer as transfer
    left join halves as initiating on initiating.table_name = transfer.table_name and initiating.id = transfer.record_id
    left join halves as responding -- a document may name one of another store: that is none (S1)
        on responding.table_name = transfer.responding_table
        and responding.id = transfer.responding_id
        and responding.store_id = transfer.to_store
    left join receipts as receipt
        on transfer.responding_table = 'goods_received'
        and receipt.goods_received_id = transfer.responding_id
        and receipt.store_id = transfer.to_store
),

-- Two finished documents of two stores that each name the other. Nobody can make such a pair by himself (S1).
finished as (
    select
        pair.kind,
        initiating.store_id as from_store,
        responding.store_id as to_store,
        'invoice' as table_name,
        initiating.id as record_id,
        responding.id as responding_id,
        initiating.finalised_at as begun_at,
        responding.finalised_at as ended_at,
        initiating.number as initiating_number,
        responding.number as responding_number,
        initiating.requisition_id,
        responding.on_hold as is_on_hold
    from replica.invoice as initiating
    join (
        values
        ('stock_transfer', 'customer_invoice', 'supplier_invoice'),
        ('stock_return', 'supplier_credit', 'customer_credit')
    ) as pair (kind, initiating_type, responding_type)
        on pair.initiating_type = initiating.type
    join replica.invoice as responding
        on responding.id = initiating.linked_invoice_id
        and responding.linked_invoice_id = initiating.id
        and responding.type = pair.responding_type
    where initiating.status = 'finalised' and responding.status = 'finalised'
    union all
    select
        'requisition',
        initiating.store_id,
        responding.store_id,
        'requisition',
        initiating.id,
        responding.id,
        initiating.finalised_at,
        responding.finalised_at,
        initiating.number,
        responding.number,
        null,
        null
    from replica.requisition as initiating
    join replica.requisition as responding
        on responding.id = initiating.linked_requisition_id
        and responding.linked_requisition_id = initiating.id
        and responding.type = 'response'
    where initiating.type = 'request' and initiating.status = 'finalised' and responding.status = 'finalised'
),

from_before as (
    select finished.*
    from finished
    join replica.store as from_store on from_store.id = finished.from_store
    join replica.store as to_store on to_store.id = finished.to_store
    where
        finished.from_store <> finished.to_store
        and not exists (
            from ledger.transfer as known
            where
                (known.table_name = finished.table_name and known.record_id = finished.record_id)
                or (known.responding_table = finished.table_name and known.responding_id = finished.responding_id)
        )
),

everything as (
    from stood
    union all by name
    select
        *,
        table_name as responding_table,
        'finalised' as from_status,
        'finalised' as to_status,
        'site' as made_by,
        true as is_finalised,
        true as is_initiating_here,
        true as is_responding_here,
        true as is_from_before,
        false as is_deleted,
        false as is_responding_deleted,
        false as is_centralised
    from from_before
)

select
    stood.kind,
    stood.from_store,
    stood.to_store,
    from_store.code as from_store_code,
    to_store.code as to_store_code,
    from_site.site_id as from_site_id,
    to_site.site_id as to_site_id,
    stood.table_name,
    stood.record_id as initiating_id,
    stood.responding_table,
    stood.responding_id,
    transfer_state(
        stood.is_finalised,
        stood.is_deleted,
        stood.is_responding_deleted,
        stood.responding_id,
        stood.is_responding_here,
        stood.responding_number,
        stood.waits
    ) as state,
    case when state in ('waiting', 'history') then stood.waits end as waits,
    stood.begun_at,
    case
        when is_under_way(state) then days_since(stood.begun_at, as_of_at())
        when state = 'done' then days_since(stood.begun_at, stood.ended_at)
    end as days_under_way,
    given_number(stood.initiating_number) as from_number,
    given_number(stood.responding_number) as to_number,
    stood.is_initiating_here,
    stood.is_responding_here,
    stood.from_status,
    stood.to_status,
    stood.is_on_hold,
    stood.requisition_id,
    stood.is_centralised,
    stood.made_by,
    stood.made_cycle,
    stood.made_at,
    least(from_site.data_as_of_at, to_site.data_as_of_at) as data_as_of_at,
    stood.ended_at,
    coalesce(stood.is_recall_asked, false) as is_recall_asked,
    stood.is_from_before
from everything as stood
left join replica.store as from_store on from_store.id = stood.from_store
left join replica.store as to_store on to_store.id = stood.to_store
left join active as from_site on from_site.store_id = stood.from_store
left join active as to_site on to_site.store_id = stood.to_store
