select a.table_name, a.record_id
from asked as a
join replica.purchase_order as o on o.id = a.record_id
where a.table_name = 'purchase_order' and o.is_centralised
union
select a.table_name, a.record_id
from asked as a
join replica.invoice as i on i.id = a.record_id
join replica.purchase_order as o on o.id = i.purchase_order_id
where a.table_name = 'invoice' and o.is_centralised
