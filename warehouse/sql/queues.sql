-- What is remembered to wait for each site, where that is the last count of the day as well.
select s.site_id, s.queue_out
from ledger.site as s
join ledger.queue_of_day as d on d.site_id = s.site_id and d.queue_out = s.queue_out
join ledger.network as n on d.day = cast(timezone(n.time_zone, ?) as date)
where s.bookmark is not null
order by s.site_id
