-- Which rule of its table holds for a record: by the name of its condition, no more by its place in a list.
alter table ledger.record alter column part drop default;

alter table ledger.record alter column part set data type varchar using case
    when part is null then null
    when table_name = 'preference' and part = 0 then 'of_topology'
    when table_name = 'preference' and part = 1 then 'synced'
    when table_name in (
        'purchase_order', 'purchase_order_line', 'tender', 'tender_line', 'quote', 'quote_line', 'payment'
    ) and part = 0 then 'centralised'
    else 'otherwise'
end;
