-- What of a store's figures is known at all (W4): what nobody collects or fills is unknown there, never nothing.
-- One row is: a store.
-- store_id: the store
-- knows_stock: its stock lines are collected
-- has_stock_lines: it has some
-- knows_invoices: its invoices are collected, and there are some
-- knows_dispensing: its prescriptions are collected, and there are some; always where it is no dispensary
-- knows_adjustments: its adjustments are collected, and there are some
-- knows_use: its prescriptions are collected, and there are some; or it issued something to customers, which is a part
--    of its use; of a store that is no dispensary also where it has invoices of any kind
-- missing: the tables that its figures lack, as words; NULL where they lack none
with counted as (
    select
        store_id,
        coalesce(bool_or(is_collected) filter (table_name = 'stock_line'), false) as knows_stock,
        coalesce(bool_or(rows > 0) filter (table_name = 'stock_line'), false) as has_stock_lines,
        coalesce(bool_or(is_collected and rows > 0) filter (table_name = 'invoice'), false) as knows_invoices,
        coalesce(bool_or(is_collected and rows > 0) filter (table_name = 'prescription'), false) as has_prescriptions,
        coalesce(bool_or(is_collected and rows > 0) filter (table_name = 'inventory_adjustment'), false)
            as knows_adjustments
    from reports.store_table
    group by store_id
),

issuing as (
    select distinct store_id from replica.invoice where type = 'customer_invoice' and status = 'finalised'
),

known as (
    select
        counted.*,
        counted.has_prescriptions or store.mode is distinct from 'dispensary' as knows_dispensing,
        counted.has_prescriptions
        or issuing.store_id is not null
        or (store.mode is distinct from 'dispensary' and counted.knows_invoices) as knows_use
    from counted
    join replica.store as store on store.id = counted.store_id
    left join issuing on issuing.store_id = counted.store_id
)

select
    store_id,
    knows_stock,
    has_stock_lines,
    knows_invoices,
    knows_dispensing,
    knows_adjustments,
    knows_use,
    nullif(
        concat_ws(
            ', ',
            case when not knows_stock then 'stock_line' end,
            case when not knows_invoices then 'invoice' end,
            case when not knows_dispensing then 'prescription' end
        ),
        ''
    ) as missing
from known
