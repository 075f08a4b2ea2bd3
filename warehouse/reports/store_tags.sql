-- The words that facilities of stores are marked with, to look at some stores only.
-- One row is: store x word.
-- store_code: code of the store
-- tag_name: a word that its facility is marked with
select
    store.code as store_code,
    tag.name as tag_name
from replica.store as store
join reports.store_place as placed on placed.store_id = store.id
join replica.name_tag_join as marked on marked.name_id = store.name_id
join replica.name_tag as tag on tag.id = marked.name_tag_id
group by all
order by store.code, tag.name
