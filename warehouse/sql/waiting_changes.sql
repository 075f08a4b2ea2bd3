select id as waiting_since, reason as was_reason, site_id, table_name, record_id, op,
    -1::bigint as position, is_snapshot, unreadable as malformed, site_row
from ledger.quarantine
where state = 'open' and (
    verdict = 'waiting'
    or reason = 'other_half_rejected' -- goes as its document does, whenever that may come
    or (reason = 'malformed_value' and (central_row is null or malformed is distinct from unreadable))
    or id in (
        select unnest(?::bigint[])
    )
)
order by id
