with held as (
    select s.site_id, r.table_name, count(distinct r.record_id) as kept
    from (
        select table_name, record_id, unnest(scopes) as scope
        from ledger.record
        where table_name in (
            select table_name
            from deletes
        )
    ) as r
    join ledger.site_scope as s on s.scope = r.scope and s.to_seq is null
    group by all
)
select d.site_id, d.table_name, d.removed, coalesce(held.kept, 0) as kept, site.is_released
from deletes as d
join ledger.site as site using (site_id)
left join held using (site_id, table_name)
