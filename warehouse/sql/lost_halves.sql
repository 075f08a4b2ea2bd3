-- Of the halves `asked` that documents name and that central does not hold: those that only a server had which is lost,
-- since their stores' sites were read by the line that goes on from it; is_removed: the store had it, and deleted it.
-- What waits of such a half is a half.
select a.table_name, a.record_id, exists (
    from ledger.sequence as q
    where q.kind = 'remove' and q.table_name = a.responding_table and q.record_id = a.derived_id and q.maker = a.to_site
) as is_removed
from asked as a
where a.to_site in (
    select s.site_id from ledger.site as s
    join (from ledger.line order by cycle desc limit 1) as l on l.line = s.line and len(l.ancestors) > 0
) and not exists (
    from ledger.quarantine as k
    where k.state = 'open' and k.table_name = a.responding_table and k.record_id = a.derived_id
)
order by all
