-- How long goods and orders took in the last twelve months, by supplier and by route, for the reports that need it.
-- One row is: step x supplier x customer, and step x supplier for all of its customers.
-- step: asked_to_answered, asked_to_received, ordered_to_received or sent_to_received, as in `lead_times`
-- supplier_name_id: who supplied
-- customer_store_id: the store that got it; NULL for all together
-- is_route: it is of one customer
-- deliveries: how many ended in the twelve months, and have a duration
-- without_days: how many have none: their clocks say that they ended before they began, or a date is missing
-- median_days: half of them took no longer
-- p90_days: nine of ten took no longer
-- last_ended_at: when the last of them ended
with receipts as (
    select requisition_id as order_id, finalised_at as ended_at
    from replica.invoice
    where type = 'supplier_invoice' and status = 'finalised' and requisition_id is not null
),

times as (
    select
        'sent_to_received' as step,
        sender.name_id as supplier_name_id,
        transfer.to_store as customer_store_id,
        transfer.begun_at,
        transfer.ended_at
    from reports.begun_transfer as transfer
    join replica.store as sender on sender.id = transfer.from_store
    where transfer.kind in ('stock_transfer', 'internal_order_goods') and transfer.state = 'done'
    union all
    select 'asked_to_answered', answerer.name_id, transfer.from_store, transfer.begun_at, transfer.ended_at
    from reports.begun_transfer as transfer
    join replica.store as answerer on answerer.id = transfer.to_store
    where transfer.kind = 'requisition' and transfer.state = 'done'
    union all
    select 'asked_to_received', request.other_name_id, request.store_id, request.finalised_at, receipts.ended_at
    from replica.requisition as request
    join receipts on receipts.order_id = request.id
    where request.type = 'request' and request.status = 'finalised'
    union all
    select 'ordered_to_received', purchase.other_name_id, purchase.store_id, purchase.confirmed_at, receipt.received_at
    from replica.goods_received as receipt
    join replica.purchase_order as purchase on purchase.id = receipt.purchase_order_id
    where receipt.status = 'finalised'
),

lasting as (
    select
        *,
        case when not ends_before(begun_at, ended_at) then days_since(begun_at, ended_at) end as days
    from times
    where
        customer_store_id in (select store_id from reports.reporting_store)
        and coalesce(ended_at > as_of_at() - interval 12 months, true)
)

select
    step,
    supplier_name_id,
    customer_store_id,
    customer_store_id is not null as is_route,
    count(days) as deliveries,
    count(*) - count(days) as without_days,
    cast(quantile_cont(days, 0.5) as double) as median_days,
    quantile_disc(days, 0.9) as p90_days,
    max(ended_at) filter (days is not null) as last_ended_at
from lasting
group by grouping sets ((step, supplier_name_id, customer_store_id), (step, supplier_name_id))
