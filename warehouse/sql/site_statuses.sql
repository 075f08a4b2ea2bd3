select r.site_id, coalesce(s.last_outcome, 'ok') as result, r.rejected, r.waiting, r.not_taken,
    coalesce(r.queue_out, 0) as to_come
from reports.sync_status as r
join ledger.site as s using (site_id)
order by r.site_id
