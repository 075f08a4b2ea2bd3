"""The cycles that were admitted, and whether they are routed (B3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from warehouse.connection import first, query, value
from warehouse.statements import statement


@dataclass(frozen=True)
class WentBy:
    """The topology that a cycle went by, as version and text, and the version of its rules."""

    topology_version: int
    topology: str
    rules: str


def last_cycle(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last admitted cycle; 0 before the first."""
    return value(con, "select coalesce(max(cycle), 0) from ledger.cycle")


def last_begun(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last admitted cycle began; None before the first."""
    row = first(con, "select started_at from ledger.cycle order by cycle desc limit 1")
    return row[0] if row else None


def unrouted_cycle(con: duckdb.DuckDBPyConnection) -> int | None:
    """The last admitted cycle when it is not routed yet."""
    row = first(con, "select cycle from ledger.cycle where not is_routed order by cycle desc limit 1")
    return int(row[0]) if row else None


def record_cycle(
    con: duckdb.DuckDBPyConnection, cycle: int, *, now: datetime, topology_version: int, rules_version: str
) -> None:
    """Enters the admitted cycle; it is routed in the next transaction (B3)."""
    con.execute(
        "insert into ledger.cycle select ?, ?, ?, ?, last_seq, false from ledger.counter",
        [cycle, now, topology_version, rules_version],
    )


def cycles(con: duckdb.DuckDBPyConnection, last: int) -> pl.DataFrame:
    """The ``last`` cycles, the last first, with what they did at sites: cycle, started_at, topology_version, sites,
    not_reached, failed, pulled, admitted, rejected, waiting, sent."""
    return query(con, statement("cycles"), [last])


def went_by(con: duckdb.DuckDBPyConnection) -> WentBy | None:
    """What the last cycle went by; None before the first."""
    row = first(
        con,
        "select t.version, t.toml, c.rules_version from ledger.cycle as c "
        "join ledger.topology_version as t on t.version = c.topology_version order by c.cycle desc limit 1",
    )
    return WentBy(*row) if row else None


def last_start(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last admitted cycle began; None before the first."""
    row = first(con, "select started_at from ledger.cycle order by cycle desc limit 1")
    return row[0] if row else None


def mark_routed(con: duckdb.DuckDBPyConnection) -> None:
    """Every admitted cycle is routed."""
    con.execute("update ledger.cycle set is_routed = true where not is_routed")


def deliveries_taken(con: duckdb.DuckDBPyConnection, cycle: int) -> int:
    """How many files of the cycle's deliveries the ledger has taken."""
    return value(con, "select coalesce(max(part), 0) from ledger.delivery where cycle = ?", [cycle])


def record_deliveries(con: duckdb.DuckDBPyConnection, cycle: int, part: int, *, at: datetime) -> None:
    """Enters that the ledger has taken the ``part``th file of a cycle's deliveries."""
    con.execute("insert into ledger.delivery values (?, ?, ?)", [cycle, part, at])
