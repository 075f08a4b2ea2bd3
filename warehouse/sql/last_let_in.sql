-- When a site was let in again last, and whether it was pulled since.
select
    r.cycle,
    c.started_at,
    coalesce(d.decided_by, 'somebody') as decided_by,
    r.cycle < (
        select max(v.cycle)
        from ledger.visit as v
        where v.site_id = r.site_id and v.outcome = 'ok'
    ) as is_whole
from ledger.readmission as r
join ledger.cycle as c using (cycle)
left join ledger.decision as d on d.number = r.number
where r.site_id = ? and r.cycle is not null
order by r.cycle desc
limit 1
