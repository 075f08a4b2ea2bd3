update ledger.site
set last_error = d.error, last_outcome = d.outcome,
    last_success_at = case d.outcome when 'ok' then ? else last_success_at end,
        consecutive_failures = case d.outcome when 'ok' then 0 else consecutive_failures + 1 end
from delivered as d
where d.site_id = site.site_id
