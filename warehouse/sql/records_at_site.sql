with own as (
    select list(scope) as scopes
    from ledger.site_scope
    where site_id = ? and to_seq is null
)
select r.table_name, r.record_id
from ledger.record as r
join own on list_has_any(r.scopes, own.scopes)
where r.table_name = ? and not exists (
    select 1
    from ledger.quarantine as q
    where q.state = 'open' and q.site_id = ? and q.table_name = r.table_name and q.record_id = r.record_id
)
order by all
