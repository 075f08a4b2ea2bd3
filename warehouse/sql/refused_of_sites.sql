select distinct q.site_id, q.table_name, q.record_id
from ledger.quarantine as q
left join ledger.record as held using (table_name, record_id)
where (
    (
        q.state = 'discarded' and q.table_name in (
            select unnest($1::varchar[])
        )
    ) or (
        q.state = 'open' and q.verdict = 'rejected' and q.table_name in (
            select unnest($1::varchar[] || $2::varchar[])
        )
    )
) and (held.record_id is null or (q.reason = 'takes_over' and held.maker is distinct from q.site_id))
order by all
