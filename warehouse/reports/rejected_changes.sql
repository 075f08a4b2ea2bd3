-- Changes that central did not admit, and why. The site has its row as central holds it; both versions are kept.
-- One row is: a change that a site made and may not make.
-- site_code: the site that made it
-- table_name: table of the record
-- record_id: id of the record
-- operation: upsert, delete, or withdraw (it is there and leaves its site no longer)
-- reason: code; `supplysync explain CODE` says more
-- rule: the rule behind it
-- explanation: the reason in words
-- first_seen_at: when it was first judged so
-- cycle: the cycle that last judged it
-- state: open, or how it ended: admitted, closed, superseded, discarded
-- number: what `supplysync rejected show` takes
-- site_name: name of the site
-- last_seen_at: when it was last judged so
-- data_as_of_at: when the site was last pulled
select * exclude (verdict)
from reports.quarantined
where verdict = 'rejected'
order by state <> 'open', first_seen_at, number
