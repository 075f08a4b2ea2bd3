select table_name, record_id, min(why) as why, min(said) as said
from ledger.skipped
where is_open and site_id = ? and table_name in (select unnest(?::varchar[]))
group by all
order by all
