select k.site_id, k.table_name, k.record_id
from kept as k
join ledger.site as s using (site_id)
where s.position is not null and not exists (
    select 1
    from ledger.sequence as q
    where q.table_name = k.table_name and q.record_id = k.record_id and q.seq > s.position
        and (q.for_site is null or q.for_site = k.site_id)
        and not (q.maker is not distinct from k.site_id and q.kind in ('change', 'adopt'))
)
order by all
