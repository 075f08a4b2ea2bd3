-- Rows that a site has not got as they were sent: what its database refused, what it could not remove, what its own
-- triggers made otherwise.
-- One row is: a row of a change set.
-- site_code: the site
-- table_name: table of the record
-- record_id: id of the record
-- reason: code; `supplysync explain CODE` says more
-- said: the words of the site's own database, or the table that refers to the row
-- rule: the rule behind the reason
-- explanation: the reason in words
-- number: number of the site's change set
-- answered_at: when the site answered it
-- state: open, or closed: it arrived since, or is tried again
-- site_name: name of the site
-- data_as_of_at: when the site was last pulled
select
    site.site_code,
    skip.table_name,
    skip.record_id,
    skip.why as reason,
    skip.said,
    reason.rule,
    reason.explanation,
    skip.number,
    sent.answered_at,
    case when skip.is_open then 'open' else 'closed' end as state,
    coalesce(row.name, site.site_code) as site_name,
    site.data_as_of_at
from ledger.skipped as skip
join ledger.site as site on site.site_id = skip.site_id
left join ledger.change_set as sent on sent.site_id = skip.site_id and sent.number = skip.number
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join ledger.reason as reason on reason.code = skip.why
where skip.why <> 'edited_since_pull'
order by skip.is_open desc, sent.answered_at desc nulls last, site.site_code, skip.table_name, skip.record_id
