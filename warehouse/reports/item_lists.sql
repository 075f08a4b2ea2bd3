-- The master lists in use, to look at some items only.
-- One row is: list x item.
-- list_code: code of the list
-- list_name: name of the list
-- item_code: code of an item on it
-- programme_code: code of the programme that the list is for; NULL of a list of no programme
-- programme_name: name of it
select
    list.code as list_code,
    list.name as list_name,
    item.code as item_code,
    program.code as programme_code,
    program.name as programme_name
from replica.master_list as list
join replica.master_list_line as line on line.master_list_id = list.id
join replica.item as item on item.id = line.item_id
left join replica.program as program on program.id = list.program_id
where coalesce(list.is_active, true)
group by all
order by list.code, item.code
