select b.entry, bool_or(q.kind = 'change' and q.maker is distinct from b.site_id) as is_behind,
    bool_or(q.kind = 'rescope' and q.op = 'delete') as is_withdrawn
from whole as b
join ledger.site as s using (site_id)
join ledger.sequence as q on q.table_name = b.table_name and q.record_id = b.record_id and q.seq > s.position
where q.for_site is null
group by b.entry
order by b.entry
