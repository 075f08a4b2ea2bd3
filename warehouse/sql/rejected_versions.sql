-- Both versions of the rejected changes of these tables, without the columns that are withheld.
select
    id as number,
    case when site_row is not null then (
        select cast(json_group_object(field.key, field.value) as varchar)
        from json_each(site_row) as field
        where not list_contains($1, field.key)
    ) end as site_row,
    case when central_row is not null then (
        select cast(json_group_object(field.key, field.value) as varchar)
        from json_each(central_row) as field
        where not list_contains($1, field.key)
    ) end as central_row
from ledger.quarantine
where verdict = 'rejected' and list_contains($2, table_name)
order by id
