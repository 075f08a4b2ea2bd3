-- differing (table_name, record_id): those of which it is known that site $1 has them otherwise, or alone
with forgotten as (
    select d.table_name, d.record_id
    from differing as d
    join ledger.sequence as q using (table_name, record_id)
    where q.for_site is null
    group by all
    having arg_max(q.kind = 'rescope' and q.op = 'delete' and len(q.scopes_before) = 0, q.seq)
), discarded as (
    select d.table_name, d.record_id
    from differing as d
    join ledger.quarantine as w using (table_name, record_id)
    left join ledger.sequence as q on q.table_name = d.table_name and q.record_id = d.record_id
        and (q.for_site is null or q.for_site = $1)
    where w.site_id = $1 and w.state = 'discarded'
    group by all
    having max(w.closed_cycle) >= coalesce(max(q.cycle), 0)
)
select table_name, record_id
from forgotten
union
select table_name, record_id
from discarded
union
select d.table_name, d.record_id
from differing as d
join ledger.record as r using (table_name, record_id)
where len(r.scopes) = 0
order by all
