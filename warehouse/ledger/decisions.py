"""The decisions of operators that cycles acted on (A2, M8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.connection import value


def last_decision(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last decision of an operator that a cycle acted on."""
    return value(con, "select coalesce(max(number), 0) from ledger.decision")


@dataclass(frozen=True)
class DecidedAboutSite:
    """A decision about a site: what, by whom, when, and why, if they said so."""

    kind: str
    site_code: str
    reason: str | None
    decided_at: datetime
    decided_by: str


def decided_about_sites(con: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> list[DecidedAboutSite]:
    """The decisions of these kinds that cycles acted on, in their order."""
    rows = con.execute(
        "select kind, site_code, reason, decided_at, decided_by from ledger.decision "
        "where kind in (select unnest(?::varchar[])) order by number",
        [[str(kind) for kind in kinds]],
    ).fetchall()
    return [DecidedAboutSite(*row) for row in rows]


def record_decision(
    con: duckdb.DuckDBPyConnection,
    number: int,
    kind: str,
    site_code: str,
    reason: str | None,
    *,
    at: str,
    by: str,
    cycle: int,
    record_id: str | None = None,
    entries: Sequence[int] = (),
) -> None:
    """Enters a decision of an operator that ``cycle`` acts on; ``entries``: the quarantined changes it is about."""
    alone = entries[0] if len(entries) == 1 else None
    con.execute(
        "insert into ledger.decision values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [number, cycle, kind, site_code, reason, at, by, alone, record_id, list(entries) if len(entries) > 1 else None],
    )
