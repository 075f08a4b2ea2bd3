"""The decisions of operators that cycles acted on (A2, M8)."""

from __future__ import annotations

import duckdb

from warehouse.connection import value


def last_decision(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last decision of an operator that a cycle acted on."""
    return value(con, "select coalesce(max(number), 0) from ledger.decision")


def record_decision(
    con: duckdb.DuckDBPyConnection,
    number: int,
    kind: str,
    site_code: str,
    entry: int | None,
    reason: str | None,
    *,
    at: str,
    by: str,
    cycle: int,
    record_id: str | None = None,
) -> None:
    """Enters a decision of an operator that ``cycle`` acts on."""
    con.execute(
        "insert into ledger.decision values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [number, cycle, kind, site_code, reason, at, by, entry, record_id],
    )
