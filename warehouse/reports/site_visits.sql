-- What happened with each site in each cycle, the last first.
-- One row is: site x cycle that visited it.
-- site_code: code of the site
-- cycle: number of the cycle
-- started_at: when the visit began
-- outcome: ok, unreachable (nothing was heard), failed, blocked (not tried: central or primary was never pulled)
-- pulled: changes taken from the site
-- admitted: of its changes, those admitted
-- rejected: of its changes, those it may not make
-- waiting: of its changes, those that wait for what they depend on
-- sent: rows sent to it
-- pull_seconds: how long pulling took
-- deliver_seconds: how long delivering took
-- error: what went wrong, if anything did
select
    site.site_code,
    visit.cycle,
    visit.started_at,
    visit.outcome,
    visit.pulled,
    visit.admitted,
    visit.rejected,
    visit.waiting,
    visit.sent,
    visit.pull_seconds,
    visit.deliver_seconds,
    visit.error
from ledger.visit as visit
join ledger.site as site on site.site_id = visit.site_id
order by visit.cycle desc, site.site_code
