-- The entries up to number $1 that only sites which are away still need, not reached since $2: of each record, between
-- their positions, the first, which tells where it was, and the last of each kind, of each of their own, and of those
-- addressed to them. What was made and deleted since the last of them left is nobody's.
with away as (
    select site_id, position
    from ledger.site
    where is_in_topology and position < $1 and coalesce(last_success_at, data_as_of_at) < $2
), places as (
    select distinct position
    from away
), old as (
    select q.seq, q.kind, q.table_name, q.record_id, q.op, q.for_site, q.scopes_before, p.position as since,
        case when q.maker in (select site_id from away) then q.maker end as away_maker
    from ledger.sequence as q
    asof join places as p on q.seq > p.position
    where q.seq <= $1 and (q.for_site is null or q.for_site in (select site_id from away))
), passing as (
    select table_name, record_id
    from old
    group by all
    having count(distinct since) = 1 and count(for_site) = 0 and count(away_maker) = 0
        and arg_min(op, seq) = 'upsert' and arg_min(kind, seq) = 'change' and len(arg_min(scopes_before, seq)) = 0
        and arg_max(op, seq) = 'delete'
), lasting as (
    select *
    from old
    anti join passing using (table_name, record_id)
)
select min(seq) as seq
from lasting
where for_site is null
group by table_name, record_id, since
union
select max(seq)
from lasting
group by table_name, record_id, since, kind, for_site, away_maker
