-- What is on the list of tables that were read whole.
select q.id, q.site_id, q.table_name, q.record_id, q.site_row,
    r.record_id is not null and q.reason <> 'malformed_value' as is_to_be_put_right
from ledger.quarantine as q
join compared as c using (site_id, table_name)
left join ledger.record as r on r.table_name = q.table_name and r.record_id = q.record_id
where q.state = 'open' and q.op = 'upsert'
order by all
