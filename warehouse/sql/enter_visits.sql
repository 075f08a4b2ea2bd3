insert into ledger.visit
select ?, v.site_id, v.started_at, v.outcome, v.error, v.pulled, count(*) filter (j.verdict = 'admitted'),
    count(*) filter (j.verdict = 'rejected'), count(*) filter (j.verdict = 'waiting'), 0, v.pull_seconds, 0
from visits as v
left join judged as j on j.site_id = v.site_id
group by all
order by v.site_id
