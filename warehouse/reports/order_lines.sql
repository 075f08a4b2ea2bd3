-- What was asked for and is still to come, by requisition line and by line of orders to suppliers: those of which more
-- may come first, the oldest first. What was sent and not received yet is on the way (`transfers`), not outstanding.
-- One row is: a line of a requisition or purchase order, where at least one of its stores is in reports.
-- kind: requisition or purchase_order
-- customer_code: code of the store that asked; NULL where it is none
-- customer_name: who asked
-- supplier_code: code of the store that was asked; NULL where it is none
-- supplier_name: who was asked
-- number: of the document that asked; of a response that answers none in the warehouse its own; NULL while its site has
--    not given it one
-- item_code: code of the item; NULL where the line names none
-- item_name: name of the item
-- asked_at: when it was asked
-- asked_units: how much; NULL without a pack size
-- agreed_units: what the supplying store wrote that it will send (`supplied_units`); NULL while it wrote nothing
-- sent_units: on its finalised invoices that name the order; NULL where the order is closed and no invoice names it,
--    and where the supplier is no store
-- received_units: by finalised invoices that name the request, or as the purchase order says; NULL where only the
--    supplier wrote the order down
-- outstanding_units: asked and not sent, or not received where the supplier is no store; 0 once the order is closed;
--    NULL where nothing says whether more comes
-- state: asked (nothing came of it yet), partly (some was sent or received), whole (all was, and it is not closed),
--    closed (nothing more comes), unknown (a requisition to one that is no store, or from before)
-- is_open: asked, partly or whole; NULL where unknown
-- days_open: whole days since it was asked, while it is open
-- filled_units: of a closed line: what came of it, no more than was asked: what was sent, else agreed, else received
-- filled_basis: sent, agreed or received: what filled_units is; NULL where nothing says
-- order_id: id of the document that asked
-- response_id: id of the response to a request; NULL without one
-- line_id: id of the line
-- data_as_of_at: the older of the two sites' data, of those that were pulled
with lines as (
    select
        *,
        case
            when is_open is null then null
            when not is_open then 0
            when supplier_store_id is not null then not_negative(asked_units - sent_units)
            else not_negative(asked_units - received_units)
        end as outstanding_units,
        case
            when sent_units is not null then 'sent'
            when agreed_units is not null then 'agreed'
            when supplier_store_id is null and received_units is not null then 'received'
        end as filled_basis
    from reports.order_line
)

select
    lines.kind,
    customer.code as customer_code,
    customer_name.name as customer_name,
    supplier.code as supplier_code,
    supplier_name.name as supplier_name,
    lines.number,
    item.code as item_code,
    item.name as item_name,
    lines.asked_at,
    lines.asked_units,
    lines.agreed_units,
    lines.sent_units,
    lines.received_units,
    lines.outstanding_units,
    case
        when lines.is_open is null then 'unknown'
        when not lines.is_open then 'closed'
        when lines.outstanding_units = 0 then 'whole'
        when greatest(lines.sent_units, lines.received_units, 0) > 0 then 'partly'
        else 'asked'
    end as state,
    lines.is_open,
    case when lines.is_open then days_since(lines.asked_at, as_of_at()) end as days_open,
    case when not lines.is_open then
        at_most(
            case lines.filled_basis
                when 'sent' then lines.sent_units
                when 'agreed' then lines.agreed_units
                when 'received' then lines.received_units
            end,
            lines.asked_units
        )
    end as filled_units,
    case when not lines.is_open then lines.filled_basis end as filled_basis,
    lines.order_id,
    lines.response_id,
    lines.line_id,
    lines.data_as_of_at
from lines
left join replica.store as customer on customer.id = lines.customer_store_id
left join replica.name as customer_name on customer_name.id = lines.customer_name_id
left join replica.store as supplier on supplier.id = lines.supplier_store_id
left join replica.name as supplier_name on supplier_name.id = lines.supplier_name_id
left join replica.item as item on item.id = lines.item_id
order by coalesce(lines.is_open, false) desc, lines.asked_at, lines.order_id, item.code, lines.line_id
