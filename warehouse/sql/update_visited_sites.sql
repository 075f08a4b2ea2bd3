update ledger.site
set last_contact_at = case when v.outcome in ('unreachable', 'blocked') then last_contact_at else ? end,
    last_outcome = v.outcome, last_error = v.error, queue_in = case v.outcome when 'ok' then queue_in end,
    consecutive_failures = case
        when v.outcome in ('ok', 'blocked') then consecutive_failures
        else consecutive_failures + 1
    end
from visits as v
where v.site_id = site.site_id
