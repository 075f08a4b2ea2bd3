insert into ledger.merged_at
select distinct r.table_name, r.record_id, s.site_id
from (
    select table_name, record_id, unnest(scopes) as scope
    from records
) as r
join ledger.site_scope as s on s.scope = r.scope
join ledger.site as site on site.site_id = s.site_id
where (s.to_seq is null or s.to_seq > coalesce(site.position, 0)) and not exists (
    select 1 -- what came in this cycle, or once the scope was another's, was never there
    from ledger.sequence as e
    where e.table_name = r.table_name and e.record_id = r.record_id and e.kind = 'change' and len(e.scopes_before) = 0
        and (e.cycle = ? or e.seq >= s.to_seq) and e.maker is distinct from s.site_id
)
union
select k.table_name, k.record_id, k.site_id
from ledger.skipped as k
join records using (table_name, record_id)
where k.is_open and k.why = 'still_referenced'
order by all
