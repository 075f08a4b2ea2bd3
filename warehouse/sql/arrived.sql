-- What a set brought is open no longer: ``new`` has the sets that sites applied. A change of what belongs there no more
-- was in none of them (R7).
update ledger.skipped
set is_open = false
from new
where skipped.site_id = new.site_id and skipped.is_open and exists (
    select 1
    from ledger.sequence as e
    left join ledger.record as r on r.table_name = e.table_name and r.record_id = e.record_id
    where e.table_name = skipped.table_name and e.record_id = skipped.record_id
        and e.seq > (select min(from_seq) from new)
        and e.seq > new.from_seq and e.seq <= new.to_seq
        and (
            e.for_site = new.site_id
            or e.for_site is null and exists (
                select 1
                from ledger.site_scope as c
                where c.site_id = new.site_id and (c.to_seq is null or c.to_seq > new.from_seq)
                    and list_contains(list_concat(e.scopes_before, coalesce(r.scopes, [])), c.scope)
            )
        )
)
