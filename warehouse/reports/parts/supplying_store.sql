-- Which stores supply which: those that issue to a store more often than they get something from it, by the finished
-- invoices of both. Of a store and its own dispensary, which gives back what is left, the store.
-- One row is: store x store that supplies it.
-- store_id: the store
-- name_id: its name
-- supplier_store_id: the store that supplies it
-- is_main: of all stores that supply it, the one with the most invoices more to it than from it
with issued as (
    select other.id as store_id, invoice.store_id as supplier_store_id, 1 as invoices
    from replica.invoice as invoice
    join replica.store as other on other.name_id = invoice.other_name_id
    where invoice.status = 'finalised' and invoice.type = 'customer_invoice'
    union all
    select invoice.store_id, other.id, 1
    from replica.invoice as invoice
    join replica.store as other on other.name_id = invoice.other_name_id
    where invoice.status = 'finalised' and invoice.type = 'supplier_invoice'
),

balanced as (
    select store_id, supplier_store_id, invoices from issued
    union all
    select supplier_store_id, store_id, -invoices from issued
),

supplying as (
    select store_id, supplier_store_id, sum(invoices) as more
    from balanced
    where store_id <> supplier_store_id
    group by all
    having sum(invoices) > 0
)

select
    supplying.store_id,
    record.name_id,
    supplying.supplier_store_id,
    supplying.supplier_store_id
    = arg_max(supplying.supplier_store_id, (supplying.more, supplying.supplier_store_id))
        over (partition by supplying.store_id) as is_main
from supplying
join replica.store as record on record.id = supplying.store_id
