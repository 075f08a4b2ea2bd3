select c.site_id, c.table_name, count(r.record_id) as kept
from compared as c
left join ledger.record as r on r.table_name = c.table_name and (
    c.has_all_data or r.maker is not distinct from c.site_id or r.owner in (
        select h.store_id
        from at_home as h
        where h.site_id = c.site_id
    )
)
group by all
order by all
