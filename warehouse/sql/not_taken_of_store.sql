select k.table_name, k.record_id, min(k.why) as why, min(k.said) as said
from ledger.skipped as k
join ledger.record as r on r.table_name = k.table_name and r.record_id = k.record_id
where k.is_open and k.site_id = ? and r.owner = ?
group by all
order by all
