with own as (
    select list(scope) as scopes
    from ledger.site_scope
    where site_id = $1 and to_seq is null
)
select
    r.table_name,
    r.record_id,
    exists (
        select 1
        from ledger.quarantine as q
        where q.state = 'open' and q.site_id = $1 and q.table_name = r.table_name and q.record_id = r.record_id
    ) as is_held_back
from ledger.record as r
join own on list_has_any(r.scopes, own.scopes)
where (
    $2 = 'everything' or ($2 = 'table' and r.table_name = $3) or ($2 = 'store' and r.owner = $3)
    or ($2 = 'patient' and ((r.table_name = 'patient' and r.record_id = $3) or r.about = $3))
)
order by all
