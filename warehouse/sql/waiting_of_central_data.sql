select table_name, record_id, verdict, reason
from ledger.quarantine
where state = 'open' and site_id = ? and verdict = 'waiting' and table_name in (select unnest(?::varchar[]))
order by all
