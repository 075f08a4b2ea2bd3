-- What is another number by now is written anew; what is the same stays.
delete from ledger.queue_of_day as d
using queued as q
where d.site_id = q.site_id and d.queue_out <> q.queue_out
    and d.day = (select cast(timezone(time_zone, ?) as date) from ledger.network)
