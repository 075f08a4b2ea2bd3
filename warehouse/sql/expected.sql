-- what site $site was given, at its position, and nothing of it is under way
create or replace temp table expected as
with of_site as (
    select list(scope) as scopes
    from ledger.site_scope
    where site_id = $site and to_seq is null
)
select r.table_name, r.record_id
from ledger.record as r
join of_site as o on list_has_any(r.scopes, o.scopes)
anti join unsettled using (table_name, record_id)
where r.table_name in (
    select unnest($tables::varchar[])
)
