with parts as (
    select q.id, q.site_id, q.table_name, q.record_id, l.header is not null as is_line, coalesce(l.header,
        q.table_name) as header,
            case when l.header is null then q.record_id else coalesce(json_extract_string(q.site_row,
                l.path), r.document) end as document
    from ledger.quarantine as q
    left join lines as l using (table_name)
    left join ledger.record as r on r.table_name = q.table_name and r.record_id = q.record_id
    where q.state = 'open'
)
select a.id as asked, b.id, b.table_name, b.record_id, b.is_line, h.record_id is not null as is_held
from parts as a
join parts as b on b.id = a.id or (b.site_id = a.site_id and b.header = a.header and b.document = a.document)
left join ledger.record as h on h.table_name = a.header and h.record_id = a.document
where a.id in (
    select unnest(?::bigint[])
)
order by a.id, b.id
