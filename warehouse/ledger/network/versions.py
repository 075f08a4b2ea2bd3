"""The versions of the topology that cycles went by (T9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.connection import first

_VERSIONS = "select version, content_hash, toml, applied_at, applied_by, cycle, plan from ledger.topology_version"


@dataclass(frozen=True)
class Applied:
    """A version of the topology: when and by whom it was applied, and by which cycle; ``plan``: what was shown before,
    as JSON, null where a cycle took it by itself."""

    version: int
    content_hash: str
    toml: str
    applied_at: datetime
    applied_by: str
    cycle: int
    plan: str | None


def versions(con: duckdb.DuckDBPyConnection) -> list[Applied]:
    """All versions, the last first."""
    return [Applied(*row) for row in con.execute(f"{_VERSIONS} order by version desc").fetchall()]


def applied_version(con: duckdb.DuckDBPyConnection) -> Applied | None:
    """The version that is applied; None before the first cycle."""
    row = first(con, f"{_VERSIONS} order by version desc limit 1")
    return Applied(*row) if row else None


def record_topology(
    con: duckdb.DuckDBPyConnection,
    text: str,
    content_hash: str,
    *,
    plan: str | None,
    now: datetime,
    by: str,
    cycle: int,
) -> int:
    """The version of this text: the last one where it is the same, else a new one (T9)."""
    last = applied_version(con)
    if last and last.content_hash == content_hash:
        return last.version
    version = last.version + 1 if last else 1
    con.execute(
        "insert into ledger.topology_version values (?, ?, ?, ?, ?, ?, ?)",
        [version, content_hash, text, now, by, cycle, plan],
    )
    return version
