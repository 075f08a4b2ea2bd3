"""The lines of this server (B53)."""

from __future__ import annotations

import duckdb

from warehouse.connection import first
from wire.line import Line


def last_line(con: duckdb.DuckDBPyConnection) -> Line | None:
    """The line of the last cycle; None before the first that had one."""
    row = first(con, "select line, ancestors from ledger.line order by cycle desc limit 1")
    return Line(row[0], tuple(row[1])) if row else None


def enter_line(con: duckdb.DuckDBPyConnection, line: Line | None, *, cycle: int) -> str | None:
    """Remembers by which line the cycle goes, where it is another one than the last, and returns its id."""
    if line is None:
        return None
    if line != last_line(con):
        con.execute("insert into ledger.line values (?, ?, ?)", [line.id, list(line.ancestors), cycle])
    return line.id
