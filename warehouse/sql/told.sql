select s.site_id, coalesce(s.last_outcome, 'ok') as result,
    (
        select count(*)
        from ledger.quarantine as q
        where q.site_id = s.site_id and q.state = 'open' and q.verdict = 'rejected'
    ) as rejected,
    (
        select count(*)
        from ledger.quarantine as q
        where q.site_id = s.site_id and q.state = 'open' and q.verdict = 'waiting'
    ) as waiting,
    (
        select count(distinct (k.table_name, k.record_id))
        from ledger.skipped as k
        where k.site_id = s.site_id and k.is_open and k.why <> 'edited_since_pull'
    ) as not_taken,
    coalesce(s.queue_out, 0) as to_come
from ledger.site as s
order by s.site_id
