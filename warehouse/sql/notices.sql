with told as (
    select site_id, max(cycle) as cycle
    from ledger.change_set
    where state = 'applied'
    group by site_id
), seen as (
    select site_id, list(scope) as scopes
    from ledger.site_scope
    where to_seq is null
    group by site_id
)
select q.site_id, cast(q.id as varchar) as id, q.table_name, q.record_id, q.op as operation, q.verdict, q.reason,
    concat_ws(': ', r.explanation, q.malformed) as words, q.site_row as site_value,
    case when list_has_any(coalesce(e.scopes, []), coalesce(s.scopes, [])) then q.central_row end as central_value,
    q.state, q.last_seen_at
from ledger.quarantine as q
left join ledger.reason as r on r.code = q.reason
left join ledger.record as e on e.table_name = q.table_name and e.record_id = q.record_id
left join seen as s on s.site_id = q.site_id
left join told as t on t.site_id = q.site_id
where q.site_id in (
    select unnest(?::bigint[])
) and greatest(q.cycle, coalesce(q.closed_cycle, 0)) > coalesce(t.cycle, 0) and q.last_seen_at > ?
order by q.site_id, q.id
