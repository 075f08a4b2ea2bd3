select distinct q.site_id, q.table_name, q.record_id
from ledger.quarantine as q
semi join documents using (site_id, table_name, record_id)
left join ledger.record as held using (table_name, record_id)
where (q.state = 'discarded' or (q.state = 'open' and q.verdict = 'rejected'))
    and (held.record_id is null or q.reason = 'takes_over')
order by all
