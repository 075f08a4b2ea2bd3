-- Changes that were not admitted, without what they say.
-- One row is: a change that a site made.
-- verdict: rejected or waiting
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
-- number: what `supplysync rejected show` calls it
-- site_name: name of the site
-- last_seen_at: when it was last judged so
-- data_as_of_at: when the site was last pulled
select
    change.verdict,
    site.site_code,
    change.table_name,
    change.record_id,
    change.op as operation,
    change.reason,
    reason.rule,
    reason.explanation,
    change.first_seen_at,
    change.cycle,
    change.state,
    change.id as number,
    coalesce(row.name, site.site_code) as site_name,
    change.last_seen_at,
    site.data_as_of_at
from ledger.quarantine as change
join ledger.site as site on site.site_id = change.site_id
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join ledger.reason as reason on reason.code = change.reason
