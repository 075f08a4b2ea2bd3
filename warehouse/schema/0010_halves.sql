-- Documents that were in the state that begins a transfer while their other party was no store: history (B60). The name
-- is remembered, so that an edit which names another party is told from one that changes nothing.
create table ledger.before_store (
    table_name varchar not null,
    record_id varchar not null,
    type varchar,
    store_id varchar,
    other_name_id varchar
);

-- At the upgrade all that is finished and began nothing is history; what came long ago with its response is left out.
insert into ledger.before_store
with finished as (
    select 'invoice' as table_name, id as record_id, type, store_id, other_name_id, linked_invoice_id as linked_id
    from replica.invoice
    where type in ('customer_invoice', 'supplier_credit') and status = 'finalised'
    union all
    select 'requisition', id, type, store_id, other_name_id, linked_requisition_id
    from replica.requisition
    where type = 'request' and status = 'finalised'
    union all
    select 'purchase_order', id, null, store_id, other_name_id, linked_invoice_id
    from replica.purchase_order
    where status in ('confirmed', 'finalised')
)

select table_name, record_id, type, store_id, other_name_id
from finished
where
    (table_name, record_id) not in (select t.table_name, t.record_id from ledger.transfer as t)
    and not (linked_id is not null and coalesce(other_name_id in (select s.name_id from replica.store as s), false))
order by table_name, record_id;

-- So is what waits for a store to be placed.
insert into ledger.before_store
select t.table_name, t.record_id, d.type, d.store_id, d.other_name_id
from ledger.transfer as t
join (
    select 'invoice' as table_name, id, type, store_id, other_name_id from replica.invoice
    union all
    select 'requisition', id, type, store_id, other_name_id from replica.requisition
    union all
    select 'purchase_order', id, null, store_id, other_name_id from replica.purchase_order
) as d on d.table_name = t.table_name and d.id = t.record_id
where
    t.waits = 'store_not_placed'
    and t.to_store not in (select i.store_id from ledger.instance as i where i.sync_type = 'active')
order by t.table_name, t.record_id;

update ledger.transfer set waits = 'party_was_no_store'
where (table_name, record_id) in (select b.table_name, b.record_id from ledger.before_store as b);
