insert into ledger.queue_of_day
select q.site_id, n.day, q.queue_out
from queued as q
cross join (select cast(timezone(time_zone, ?) as date) as day from ledger.network) as n
where not exists (
    select 1
    from ledger.queue_of_day as d
    where d.site_id = q.site_id and d.day = n.day
)
order by q.site_id
