"""How far the log of a SQLite file was read: its numbers are given under the write lock, so a number says it all."""

from __future__ import annotations

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition


class SqliteBookmarks(SiteDatabase):
    """Places in the change log of a SQLite file."""

    place_sql = "'', ''"
    stamp_sql = "logged_at"
    mark_sql = "op || ' ' || table_name || ' ' || record_id || ' ' || logged_at"

    def entries_after(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for entries past number ``seq``; there is no snapshot."""
        return "seq > ?", (seq,)

    def entries_before(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for entries below number ``seq``."""
        return "seq < ?", (seq,)

    def own_entries(self, seq: int) -> SqlCondition:
        """The condition for entries past number ``seq``: nobody else writes meanwhile."""
        return "seq > ?", (seq,)

    def log_end(self) -> int:
        """The last number that the log gave."""
        rows = self.execute("select seq from sqlite_sequence where name = ?", (CHANGE_LOG_TABLE,))
        return int(rows[0][0]) if rows else 0

    def is_ahead(self, earlier: str, now: str) -> bool:
        """Whether snapshot ``earlier`` is ahead of ``now``: there are none."""
        return False
