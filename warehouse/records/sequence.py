"""The central sequence: the numbered list of all that was admitted or addressed to a site (B5)."""

from __future__ import annotations

import duckdb
import polars as pl

from warehouse.connection import registered, value


def last_seq(con: duckdb.DuckDBPyConnection) -> int:
    """The last number of the central sequence; 0 before the first."""
    return value(con, "select last_seq from ledger.counter")


def take_seq(con: duckdb.DuckDBPyConnection) -> int:
    """The next number of the sequence, for a change that is no record's: subscriptions turn at it."""
    return _advance(con, 1)


def _advance(con: duckdb.DuckDBPyConnection, by: int) -> int:
    con.execute("update ledger.counter set last_seq = last_seq + ?", [by])
    return last_seq(con)


def append_entries(con: duckdb.DuckDBPyConnection, entries: pl.DataFrame, cycle: int) -> int:
    """Appends ``entries`` (ENTRIES without seq, in order) to the sequence; returns the last number."""
    start = last_seq(con)
    if entries.is_empty():
        return start
    numbered = entries.with_row_index("n", offset=start + 1)
    with registered(con, entries=numbered):
        con.execute(
            "insert into ledger.sequence "
            "select n, ?, kind, table_name, record_id, op, maker, for_site, scopes_before from entries order by n",
            [cycle],
        )
    return _advance(con, entries.height)
