-- What is on the list of tables that were read whole, but for what is tried again anyhow (as waiting_changes has it).
select q.site_id, q.table_name, q.record_id, q.site_row,
    r.record_id is not null and q.reason <> 'malformed_value' as is_to_be_put_right
from ledger.quarantine as q
join compared as c using (site_id, table_name)
left join ledger.record as r on r.table_name = q.table_name and r.record_id = q.record_id
where q.state = 'open' and q.verdict = 'rejected' and q.op = 'upsert'
    and not (q.reason = 'malformed_value' and (q.central_row is null or q.malformed is distinct from q.unreadable))
    and q.id not in (
        select unnest(?::bigint[])
    )
order by all
