-- The items of the network.
-- One row is: an item.
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- category_name: its category
-- ven_category: vital, essential or necessary, as central says
-- is_vaccine: it is a vaccine
-- is_active: it is in use
select
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    category.name as category_name,
    item.ven_category,
    coalesce(item.is_vaccine, false) as is_vaccine,
    coalesce(item.is_active, true) as is_active
from replica.item as item
left join replica.unit as unit on unit.id = item.unit_id
left join replica.item_category as category on category.id = item.category_id
order by item.code
