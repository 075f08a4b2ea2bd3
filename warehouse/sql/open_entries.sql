select q.id, s.site_code, q.table_name, q.record_id, q.op, q.verdict, q.reason, q.malformed,
    q.first_seen_at, q.last_seen_at, q.first_cycle, q.cycle
from ledger.quarantine as q
join ledger.site as s using (site_id)
where q.state = 'open' and q.verdict in (
    select unnest(?::varchar[])
) and (? is null or s.site_code = ?) and (?::varchar is null
    or q.first_seen_at < ?::timestamptz - cast(? as interval))
order by q.verdict, q.id
