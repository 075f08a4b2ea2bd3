update ledger.quarantine as q
set op = f.op, verdict = f.verdict, reason = f.reason, malformed = f.malformed,
    unreadable = f.unreadable,
    is_snapshot = f.is_snapshot, site_row = f.site_row, central_row = f.central_row, last_seen_at = ?, cycle = ?
from fresh as f
where q.state = 'open' and q.site_id = f.site_id and q.table_name = f.table_name and q.record_id = f.record_id
