with of_site as (
    select site_id, list(scope) as scopes
    from ledger.site_scope as c
    join ledger.site as s using (site_id)
    where c.to_seq is null or c.to_seq > s.position
    group by site_id
), since as (
    select b.entry, b.site_id, q.seq, q.maker, q.kind, q.op,
        q.for_site is not null or list_has_any(list_concat(q.scopes_before, coalesce(r.scopes, [])), o.scopes)
            as is_concerned
    from whole as b
    join ledger.site as s using (site_id)
    left join of_site as o using (site_id)
    join ledger.sequence as q on q.table_name = b.table_name and q.record_id = b.record_id and q.seq > s.position
    left join ledger.record as r on r.table_name = b.table_name and r.record_id = b.record_id
    where q.for_site is null or q.for_site = b.site_id
), withdrawn as (
    select entry, max(seq) as seq, bool_or(maker is distinct from site_id) as is_elsewheres
    from since
    where kind = 'rescope' and op = 'delete'
    group by entry
), left_over as (
    select distinct b.entry
    from whole as b
    join ledger.skipped as k on k.site_id = b.site_id and k.table_name = b.table_name and k.record_id = b.record_id
    where k.is_open
), happened as (
    select n.entry,
        coalesce(
            max(n.seq) filter (n.kind in ('change', 'correct', 'remove') and n.maker is distinct from n.site_id
                and n.is_concerned and n.seq > coalesce(w.seq, 0))
            > coalesce(max(n.seq) filter (n.kind in ('change', 'adopt') and n.maker = n.site_id), 0), false
        ) as is_behind,
        coalesce(bool_or(w.is_elsewheres), false) as is_withdrawn
    from since as n
    left join withdrawn as w using (entry)
    group by n.entry
    union all
    select entry, true, true
    from left_over
)
select entry, bool_or(is_behind) as is_behind, bool_or(is_withdrawn) as is_withdrawn
from happened
group by entry
order by entry
