-- What was asked for, line by line, and what became of it: requisitions between stores and of customers, and orders to
-- suppliers. Drafts of those who ask are not here. What is sent counts by the item that it was asked as.
-- One row is: a line of an order.
-- kind: requisition or purchase_order
-- order_id: the request; the response where nobody in the warehouse asked; or the purchase order
-- line_id: its line
-- number: of the order; NULL while its site has not given it one
-- response_id: the response to a request; NULL without one
-- customer_store_id: the store that asked; NULL where it is none
-- customer_name_id: who asked
-- supplier_store_id: the store that was asked; NULL where it is none
-- supplier_name_id: who was asked
-- item_id: the item; NULL where the line names none
-- asked_at: when
-- asked_units: how much; NULL without a pack size
-- agreed_units: what the supplier wrote that it will send; NULL where it wrote nothing
-- sent_units: on finalised invoices of the supplier that name the order; NULL where no invoice of a closed one does,
--    and of suppliers that are no stores
-- received_units: by finalised invoices that name the request, or as the purchase order says; NULL where there is no
--    request
-- is_open: more may come; NULL where nothing says whether it does
-- data_as_of_at: the older of the two sites' data, of those that were pulled
with transfer as materialized (
    select * from reports.begun_transfer where kind in ('requisition', 'internal_order')
),

stores as (
    select name_id, min(id) as id from replica.store where name_id is not null group by name_id
),

heads as (
    select
        'requisition' as kind,
        request.id as order_id,
        request.number,
        case when transfer.is_responding_here then transfer.responding_id end as response_id,
        request.store_id as customer_store_id,
        coalesce(transfer.to_store, asked_store.id) as supplier_store_id,
        request.other_name_id as supplier_name_id,
        null as customer_name_id,
        coalesce(request.finalised_at, request.created_at) as asked_at,
        is_under_way(transfer.state) and coalesce(transfer.waits <> 'too_old_to_begin', true) as is_open
    from replica.requisition as request
    left join transfer on transfer.kind = 'requisition' and transfer.initiating_id = request.id
    left join stores as asked_store on asked_store.name_id = request.other_name_id
    where request.type = 'request' and request.status = 'finalised'
    union all
    select
        'requisition',
        response.id,
        response.number,
        response.id,
        asking_store.id,
        response.store_id,
        null,
        response.other_name_id,
        response.created_at,
        response.status is distinct from 'finalised'
    from replica.requisition as response
    left join stores as asking_store on asking_store.name_id = response.other_name_id
    where
        response.type = 'response'
        and response.id not in (
            select responding_id
            from transfer
            where kind = 'requisition' and responding_id is not null and is_initiating_here
        )
    union all
    select
        'purchase_order',
        purchase.id,
        purchase.number,
        null,
        purchase.store_id,
        transfer.to_store,
        purchase.other_name_id,
        null,
        coalesce(purchase.confirmed_at, purchase.created_at),
        purchase.status = 'confirmed' and coalesce(is_under_way(transfer.state), true)
    from replica.purchase_order as purchase
    left join transfer on transfer.kind = 'internal_order' and transfer.initiating_id = purchase.id
    where purchase.status in ('confirmed', 'finalised')
),

asked as (
    select requisition_id as order_id, id as line_id, item_id, requested_units as asked_units, null as received_units
    from replica.requisition_line
    union all
    select
        purchase_order_id,
        id,
        item_id,
        units(ordered_packs, pack_size),
        units(received_packs, pack_size)
    from replica.purchase_order_line
),

agreed as (
    select requisition_id as response_id, linked_line_id as line_id, sum(supplied_units) as units
    from replica.requisition_line
    where linked_line_id is not null
    group by all
    union all
    select requisition_id, id, supplied_units from replica.requisition_line
),

-- What invoices say that name a response, a request or an order; whether they all have pack sizes.
invoiced as (
    select
        invoice.type,
        coalesce(invoice.requisition_id, invoice.purchase_order_id) as named_id,
        case when invoice.requisition_id is null then line.purchase_order_line_id else line.item_id end as key,
        case when bool_and(units(line.packs, line.pack_size) is not null)
            then sum(units(line.packs, line.pack_size)) end as units
    from replica.invoice as invoice
    join replica.invoice_line as line on line.invoice_id = invoice.id
    where
        invoice.type in ('customer_invoice', 'supplier_invoice')
        and invoice.status = 'finalised'
        and coalesce(invoice.requisition_id, invoice.purchase_order_id) is not null
    group by all
),

named as (
    select distinct coalesce(requisition_id, purchase_order_id) as named_id
    from replica.invoice
    where type = 'customer_invoice' and coalesce(requisition_id, purchase_order_id) is not null
),

lines as (
    select
        heads.*,
        asked.line_id,
        asked.item_id,
        asked.asked_units,
        asked.received_units,
        agreed.units as agreed_units,
        coalesce(heads.response_id, case when heads.kind = 'purchase_order' then heads.order_id end) as answer_id,
        case when heads.kind = 'purchase_order' then asked.line_id else asked.item_id end as key,
        coalesce(sum(asked.asked_units) over (
            partition by heads.order_id, key order by asked.line_id rows between unbounded preceding and 1 preceding
        ), 0) as before_units,
        lead(asked.line_id) over (partition by heads.order_id, key order by asked.line_id) is null as is_last
    from heads
    join asked on asked.order_id = heads.order_id
    left join agreed on agreed.response_id = heads.response_id and agreed.line_id = asked.line_id
)

select
    lines.kind,
    lines.order_id,
    lines.line_id,
    given_number(lines.number) as number,
    lines.response_id,
    lines.customer_store_id,
    coalesce(lines.customer_name_id, customer.name_id) as customer_name_id,
    lines.supplier_store_id,
    coalesce(lines.supplier_name_id, supplier.name_id) as supplier_name_id,
    lines.item_id,
    lines.asked_at,
    lines.asked_units,
    lines.agreed_units,
    case
        when sent.key is not null then part_of(sent.units, lines.before_units, lines.asked_units, lines.is_last)
        when lines.supplier_store_id is not null and (lines.is_open or named.named_id is not null) then 0
    end as sent_units,
    case
        when lines.kind = 'purchase_order' then lines.received_units
        when lines.order_id = lines.response_id then null
        when came.key is null then 0
        else part_of(came.units, lines.before_units, lines.asked_units, lines.is_last)
    end as received_units,
    lines.is_open,
    least(customer_site.data_as_of_at, supplier_site.data_as_of_at) as data_as_of_at
from lines
left join invoiced as sent
    on sent.type = 'customer_invoice' and sent.named_id = lines.answer_id and sent.key = lines.key
left join invoiced as came
    on came.type = 'supplier_invoice' and came.named_id = lines.order_id and came.key = lines.key
left join named on named.named_id = lines.answer_id
left join replica.store as customer on customer.id = lines.customer_store_id
left join replica.store as supplier on supplier.id = lines.supplier_store_id
left join reports.reporting_store as customer_site on customer_site.store_id = lines.customer_store_id
left join reports.reporting_store as supplier_site on supplier_site.store_id = lines.supplier_store_id
where customer_site.store_id is not null or supplier_site.store_id is not null
