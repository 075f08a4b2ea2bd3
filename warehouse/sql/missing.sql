with of_site as (
    select site_id, list(scope) as scopes
    from ledger.site_scope
    where to_seq is null
    group by site_id
), gone as (
    select c.site_id, c.table_name, r.record_id, c.is_readmitted,
        c.has_all_data or r.maker is not distinct from c.site_id or r.owner in (
            select h.store_id
            from at_home as h
            where h.site_id = c.site_id
        ) as is_own,
        list_has_any(r.scopes, o.scopes) as belongs
    from compared as c
    join ledger.record as r on r.table_name = c.table_name
    left join of_site as o on o.site_id = c.site_id
    anti join present as p on p.site_id = c.site_id and p.table_name = r.table_name and p.record_id = r.record_id
)
select g.site_id, g.table_name, g.record_id, g.is_own and not g.is_readmitted as is_own
from gone as g
where (g.is_own or g.belongs) and (g.is_readmitted or not exists (
    select 1
    from ledger.skipped as k
    where k.is_open and k.site_id = g.site_id and k.table_name = g.table_name and k.record_id = g.record_id
) and not exists (
    select 1
    from ledger.quarantine as w
    where w.state = 'open' and w.site_id = g.site_id and w.table_name = g.table_name and w.record_id = g.record_id
))
order by all
