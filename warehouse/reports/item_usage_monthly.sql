-- How many of an item each store used in each month, from the first movement (at most twenty years ago) to the month
-- of the report, months of no
-- use included.
-- One row is: store x item x month.
-- By pair.
-- month: its first day
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- dispensed_units: to patients; NULL in months after the last pull: unknown, not zero; and of a dispensary of which no
--    prescription ever came; and where none are known and prescriptions wait that may say so
-- issued_units: to customers, stores or others; NULL likewise, where no invoice ever came, and where none are known and
--    invoices wait that may say so
-- usage_units: both less returned_units, not below zero; NULL likewise, where neither is known, and where none are used
--    as far as that is known and one of them is not known or may say more
-- stock_out_days: whole days without stock; NULL likewise, and where movements do not explain the stock
-- is_complete_month: all of it had passed when the store's site was last pulled
-- is_known: the site was pulled in that month or later
-- data_as_of_at: when the store's site was last pulled
-- returned_units: what customers returned, in the month in which it came back; NULL as issued_units
-- is_incomplete: a table that it rests on is not collected or not filled (`site_tables`), or finished documents of the
--    item wait
-- waiting_units: what lines of such documents say, in the month: in no figure
select
    used.month,
    store.store_code,
    store.store_name,
    item.code as item_code,
    item.name as item_name,
    used.dispensed_units,
    used.issued_units,
    used.usage_units,
    used.stock_out_days,
    used.is_complete_month,
    used.is_known,
    store.data_as_of_at,
    used.returned_units,
    used.is_incomplete,
    used.waiting_units
from reports.used_month as used
join reports.reporting_store as store on store.store_id = used.store_id
join replica.item as item on item.id = used.item_id
order by store.store_code, item.code, item.id, used.month
