"""How far the log of a PostgreSQL database was read: numbers become visible out of order, so a snapshot says it."""

from __future__ import annotations

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition


class PostgresqlBookmarks(SiteDatabase):
    """Places in the change log of a database on a PostgreSQL server."""

    # server and database, which no restore elsewhere shares
    place_sql = (
        "pg_current_snapshot()::text, "
        "(select system_identifier::text from pg_control_system()) || '/' || "
        "(select oid::text from pg_database where datname = current_database())"
    )
    stamp_sql = "txid::text || ' ' || logged_at::text"
    mark_sql = "txid::text || ' ' || table_name || ' ' || record_id || ' ' || logged_at::text"

    def entries_after(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for entries that ``snapshot`` does not see, whatever their number."""
        past = "txid >= pg_snapshot_xmin(?::pg_snapshot) and not pg_visible_in_snapshot(txid, ?::pg_snapshot)"
        return past, (snapshot, snapshot)

    def entries_before(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for entries below number ``seq`` that ``snapshot`` sees: one of a transaction that was open
        then may have a lower number and was not read."""
        return "seq < ? and pg_visible_in_snapshot(txid, ?::pg_snapshot)", (seq, snapshot)

    def own_entries(self, seq: int) -> SqlCondition:
        """The condition for entries of this transaction past number ``seq``."""
        return "txid = pg_current_xact_id() and seq > ?", (seq,)

    def log_end(self) -> int:
        """The last number that the log gave, also to a transaction that is open still."""
        rows = self.execute(f"select case when is_called then last_value else 0 end from {CHANGE_LOG_TABLE}_seq_seq")
        return int(rows[0][0])

    def is_ahead(self, earlier: str, now: str) -> bool:
        """Whether snapshot ``earlier`` knows of a transaction that ``now`` does not."""
        return _next_transaction(earlier) > _next_transaction(now)


def _next_transaction(snapshot: str) -> int:
    """The first transaction number not given yet: 779 in ``765:779:770``."""
    return int(snapshot.split(":")[1]) if snapshot else 0
