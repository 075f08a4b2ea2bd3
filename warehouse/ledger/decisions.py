"""The decisions of operators that cycles acted on (A2, M8)."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.connection import value


def last_decision(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last decision of an operator that a cycle acted on."""
    return value(con, "select coalesce(max(number), 0) from ledger.decision")


def decided_about_sites(con: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """The kinds and site codes of decisions that cycles acted on, in their order."""
    return con.execute(
        "select kind, site_code from ledger.decision where kind in (select unnest(?::varchar[])) order by number",
        [[str(kind) for kind in kinds]],
    ).fetchall()


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
