select count(*)
from (select ? as site_id, ? as table_name, ? as record_id) as asked
where exists (
    select 1
    from ledger.sequence as s
    join ledger.site as own on own.site_id = asked.site_id
    where s.table_name = asked.table_name and s.record_id = asked.record_id
        and (s.for_site is null or s.for_site = asked.site_id) and s.seq > coalesce(own.position, -1)
) or exists (
    select 1
    from ledger.skipped as k
    where k.is_open and k.site_id = asked.site_id and k.table_name = asked.table_name and k.record_id = asked.record_id
)
