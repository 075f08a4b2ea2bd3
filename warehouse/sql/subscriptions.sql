select s.site_id, s.scope, bool_or(s.from_seq <= p.position
    and coalesce(s.to_seq > p.position, true)) as at_position, bool_or(s.to_seq is null) as now
from ledger.site_scope as s
join positions as p on p.site_id = s.site_id
semi join wanted as w on w.scope = s.scope
where s.to_seq is null or s.to_seq > p.position
group by all
order by all
