-- The items of the tracer list that `topology.toml` names, by master list and by code.
-- One row is: an item.
-- item_id: the item
select item.id as item_id
from replica.item as item
where item.code in (select unnest(tracer_items) from ledger.network)
union
select line.item_id
from replica.master_list_line as line
join replica.master_list as list on list.id = line.master_list_id
where list.code in (select tracer_list from ledger.network)
