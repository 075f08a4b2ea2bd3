select k.table_name, k.record_id
from keys as k
join ledger.sequence as q using (table_name, record_id)
where q.for_site is null
group by all
having arg_max(q.op, q.seq) = 'delete' and arg_max(q.kind, q.seq) = 'change'
order by all
