select c.cycle, c.started_at, c.topology_version,
    count(v.site_id) as sites,
    count(v.site_id) filter (where v.outcome in ('unreachable', 'blocked')) as not_reached,
    count(v.site_id) filter (where v.outcome = 'failed') as failed,
    coalesce(sum(v.pulled), 0)::bigint as pulled,
    coalesce(sum(v.admitted), 0)::bigint as admitted,
    coalesce(sum(v.rejected), 0)::bigint as rejected,
    coalesce(sum(v.waiting), 0)::bigint as waiting,
    coalesce(sum(v.sent), 0)::bigint as sent
from ledger.cycle as c
left join ledger.visit as v using (cycle)
group by all
order by c.cycle desc
limit ?
