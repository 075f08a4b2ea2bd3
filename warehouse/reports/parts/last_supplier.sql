-- Who an item last came from, for `suggested_orders`.
-- One row is: store x item that some supplier or store sent.
-- By pair.
-- store_id: the store
-- item_id: the item
-- name_id: who sent it last
select store_id, item_id, arg_max(other_name_id, (moved_at, document_id)) as name_id
from reports.moved_line
where kind = 'received' and other_name_id is not null
group by store_id, item_id
