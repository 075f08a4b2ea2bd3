select distinct c.site_id, c.table_name, c.record_id
from changes as c
join ledger.site as s using (site_id)
join ledger.sequence as q on q.table_name = c.table_name and q.record_id = c.record_id
where q.kind = 'change' and q.maker is not null and q.maker <> c.site_id and q.seq > coalesce(s.position, 0)
