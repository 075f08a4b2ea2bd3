-- What a set brought is open no longer: ``new`` has the sets that sites applied.
update ledger.skipped
set is_open = false
from new
where skipped.site_id = new.site_id and skipped.is_open and exists (
    select 1
    from ledger.sequence as e
    where e.table_name = skipped.table_name and e.record_id = skipped.record_id
        and e.seq > (select min(from_seq) from new)
        and e.seq > new.from_seq and e.seq <= new.to_seq and (e.for_site is null or e.for_site = new.site_id)
)
