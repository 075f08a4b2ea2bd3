with waiting as (
    select q.table_name, q.record_id, q.verdict, q.reason,
        coalesce(
            r.owner, json_extract_string(q.site_row, '$.store_id'), json_extract_string(q.site_row, '$.home_store_id')
        ) as store_id
    from ledger.quarantine as q
    left join ledger.record as r on r.table_name = q.table_name and r.record_id = q.record_id
    where q.state = 'open' and q.site_id = ? and q.verdict = 'waiting'
)
select table_name, record_id, verdict, reason
from waiting
where store_id is null or store_id = ?
order by all
