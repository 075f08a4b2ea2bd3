-- The sites of the topology as they are entered, and what is entered of the network; whether their spans are these.
select s.site_id, s.site_code, s.is_enabled,
    s.overdue_after::varchar = cast(? as interval)::varchar and s.late_after::varchar = cast(? as interval)::varchar,
    n.time_zone, n.currency, n.waits_for_apply, n.tracer_list, n.tracer_items
from ledger.site as s
cross join ledger.network as n
where s.is_in_topology
order by s.site_id
