-- How long supply takes: of what ended in the last twelve months the days that half, and that nine of ten, took at
-- most, by supplier and route; and what is under way for longer than that.
-- One row is: step x supplier x customer, and step x supplier for all of its customers together.
-- step: asked_to_answered (a requisition finalised, until its response was), asked_to_received (until goods that name
--    it were in stock), ordered_to_received (a purchase order confirmed, until goods of it were received),
--    sent_to_received (goods of one store finalised, until the other had them in stock)
-- supplier_code: code of the supplying store; NULL where it is none
-- supplier_name: who supplied
-- customer_code: code of the store that got it; NULL for all customers together
-- customer_name: name of that store; NULL likewise
-- is_route: it is of one customer, not of all together
-- deliveries: how many ended in the twelve months: each delivery of an order by itself
-- median_days: whole days that half of them took at most, the mean of the two in the middle where they are even; NULL
--    without any
-- p90_days: whole days that nine of ten took at most: one of them did; NULL without any
-- without_days: deliveries without a duration, in none of these: a date is missing, or two clocks say that they ended
--    before they began
-- under_way: how many are under way now
-- overdue: of these, for longer than p90_days; NULL without that
-- last_ended_at: when the last of the deliveries ended
with waiting as (
    select
        case when transfer.kind = 'requisition' then 'asked_to_answered' else 'sent_to_received' end as step,
        supplier.name_id as supplier_name_id,
        case when transfer.kind = 'requisition' then transfer.from_store else transfer.to_store end
            as customer_store_id,
        transfer.days_under_way as days
    from reports.begun_transfer as transfer
    join replica.store as supplier
        on supplier.id = case when transfer.kind = 'requisition' then transfer.to_store else transfer.from_store end
    where
        transfer.kind in ('requisition', 'stock_transfer', 'internal_order_goods')
        and is_under_way(transfer.state)
        and coalesce(transfer.waits not in ('too_old_to_begin', 'half_missing'), true)
    union all
    select
        case when kind = 'requisition' then 'asked_to_received' else 'ordered_to_received' end,
        supplier_name_id,
        customer_store_id,
        days_since(min(asked_at), as_of_at())
    from reports.order_line
    where is_open and response_id is distinct from order_id
    group by kind, order_id, supplier_name_id, customer_store_id
),

-- Each counts on its route, and with all customers together.
told as (
    select
        waiting.step,
        waiting.supplier_name_id,
        case when kinds.is_route then waiting.customer_store_id end as customer_store_id,
        waiting.days
    from waiting
    cross join (values (true), (false)) as kinds (is_route)
    where waiting.customer_store_id in (select store_id from reports.reporting_store)
),

counted as (
    select
        told.step,
        told.supplier_name_id,
        told.customer_store_id,
        any_value(times.p90_days) as p90_days,
        count(*) as under_way,
        count(*) filter (told.days > times.p90_days) as overdue
    from told
    left join reports.lead_time as times
        on times.step = told.step
        and times.supplier_name_id = told.supplier_name_id
        and times.customer_store_id is not distinct from told.customer_store_id
    group by all
),

everything as (
    select step, supplier_name_id, customer_store_id from counted
    union
    select step, supplier_name_id, customer_store_id from reports.lead_time
)

select
    everything.step,
    supplier.code as supplier_code,
    supplier_name.name as supplier_name,
    customer.store_code as customer_code,
    customer.store_name as customer_name,
    everything.customer_store_id is not null as is_route,
    coalesce(times.deliveries, 0) as deliveries,
    times.median_days,
    times.p90_days,
    coalesce(times.without_days, 0) as without_days,
    coalesce(counted.under_way, 0) as under_way,
    case when times.p90_days is not null then coalesce(counted.overdue, 0) end as overdue,
    times.last_ended_at
from everything
left join reports.lead_time as times
    on times.step = everything.step
    and times.supplier_name_id is not distinct from everything.supplier_name_id
    and times.customer_store_id is not distinct from everything.customer_store_id
left join counted
    on counted.step = everything.step
    and counted.supplier_name_id is not distinct from everything.supplier_name_id
    and counted.customer_store_id is not distinct from everything.customer_store_id
left join replica.name as supplier_name on supplier_name.id = everything.supplier_name_id
left join (select name_id, min(code) as code from replica.store group by name_id) as supplier
    on supplier.name_id = everything.supplier_name_id
left join reports.reporting_store as customer on customer.store_id = everything.customer_store_id
order by everything.step, supplier_name.name, everything.supplier_name_id, is_route, customer.store_code
