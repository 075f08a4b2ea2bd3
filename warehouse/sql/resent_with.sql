select distinct r.table_name, r.record_id, s.site_id
from ledger.record as r
join stores as s on true
where r.table_name in (
    select unnest(?::varchar[])
) or (r.table_name in (
    select unnest(?::varchar[])
) and r.about in (
    select j.patient_id
    from replica.patient_store_join as j
    where j.store_id = s.store_id
    union all
    select p.id
    from replica.patient as p
    where p.home_store_id = s.store_id -- at home there, so seen there without a row
)) or (
    r.table_name = 'transaction_category'
    and r.record_id in (select c.id from replica.transaction_category as c where c.type = 'prescription')
)
order by all
