"""How much waits at a site: records changed since it was last read (M6)."""

from __future__ import annotations

from sites.capture.bookmark import Bookmark
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote


def queue_lengths(db: SiteDatabase, since: str | None) -> dict[str, int]:
    """Records by table that the log names past the bookmark ``since`` (all of it where that is None).

    Counts what was touched; what then leaves the site may be less (P3). Raises SiteFailed where capture is
    missing.
    """
    past, parameters = Bookmark.of_text(since).entries_after(db) if since else ("true", ())
    with db.transaction(write=False):
        log = quote(CHANGE_LOG_TABLE)
        counted = f"select table_name, count(distinct record_id) from {log} where {past} group by table_name"
        rows = db.execute(counted, parameters)
    return dict(sorted((str(table), int(count)) for table, count in rows))
