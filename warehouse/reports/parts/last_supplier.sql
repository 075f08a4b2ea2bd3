-- When each of those an item came from last sent some, for `suggested_orders`.
-- One row is: store x item x supplier or store that sent it.
-- By pair.
-- store_id: the store
-- item_id: the item
-- name_id: who sent it
-- last_sent_at: when last
-- last_document_id: by which document
select
    store_id,
    item_id,
    other_name_id as name_id,
    max(moved_at) as last_sent_at,
    arg_max(document_id, (moved_at, document_id)) as last_document_id
from reports.moved_line
where kind = 'received' and other_name_id is not null
group by store_id, item_id, other_name_id
