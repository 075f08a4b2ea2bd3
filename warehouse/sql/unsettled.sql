-- edited (table_name, record_id): what the log of site $site names since it was pulled last
create or replace temp table unsettled as
with of_scope as (
    select scope, bool_or(from_seq <= $position and coalesce(to_seq > $position, true)) as at_position,
        bool_or(to_seq is null) as now
    from ledger.site_scope
    where site_id = $site and (to_seq is null or to_seq > $position)
    group by scope
), of_site as (
    select coalesce(list(scope), []) as scopes, coalesce(list(scope) filter (at_position <> now), []) as turned
    from of_scope
), past as (
    select q.table_name, q.record_id, bool_or(q.maker is not distinct from $site) as is_own,
        bool_or(list_has_any(q.scopes_before, o.scopes)) as was_there,
        bool_or(q.maker is distinct from $site or q.kind not in ('change', 'adopt')) as is_altered,
        bool_or(q.for_site is not null and q.kind <> 'adopt') as is_addressed
    from ledger.sequence as q
    cross join of_site as o
    where q.seq > $position and (q.for_site is null or q.for_site = $site)
    group by all
), there as (
    select r.table_name, r.record_id
    from ledger.record as r
    cross join of_site as o
    where list_has_any(r.scopes, o.scopes)
)
select table_name, record_id
from past as p
where p.is_addressed or (p.is_altered and (p.is_own or p.was_there or (p.table_name, p.record_id) in (
    select table_name, record_id
    from there
)))
union
select r.table_name, r.record_id
from ledger.record as r
cross join of_site as o
where len(o.turned) > 0 and list_has_any(r.scopes, o.turned)
union
select table_name, record_id
from ledger.skipped
where is_open and site_id = $site
union
select table_name, record_id
from ledger.quarantine
where state = 'open' and site_id = $site
union
select table_name, record_id
from edited
