with since as (
    select b.entry, q.seq, q.kind = 'rescope' and q.op = 'delete' as is_withdrawal,
        q.maker = b.site_id and q.kind in ('change', 'adopt') as is_own,
        q.kind in ('change', 'correct', 'remove') as is_sent
    from whole as b
    join ledger.site as s using (site_id)
    join ledger.sequence as q on q.table_name = b.table_name and q.record_id = b.record_id and q.seq > s.position
    where q.for_site is null or q.for_site = b.site_id
)
select entry, coalesce(max(seq) filter (is_sent and is_own is not true)
    > coalesce(max(seq) filter (is_own), 0), false) as is_behind, bool_or(is_withdrawal) as is_withdrawn
from since
group by entry
order by entry
