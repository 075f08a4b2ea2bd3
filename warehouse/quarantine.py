"""The changes that were not admitted, kept whole (A2): both versions, who, when, why.

At most one open entry for a site and record: a later verdict on the same record replaces its
reason and keeps when it was first seen; a change admitted at last closes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from warehouse.connection import query, registered

KEY = ["site_id", "table_name", "record_id"]

HELD_BACK = {
    "site_id": pl.Int64(),
    "table_name": pl.String(),
    "record_id": pl.String(),
    "op": pl.String(),
    "verdict": pl.String(),
    "reason": pl.String(),
    "malformed": pl.String(),
    "is_snapshot": pl.Boolean(),
    "site_row": pl.String(),
    "central_row": pl.String(),
}
"""A change that is not admitted: its verdict and both versions as JSON of text."""


def keep(con: duckdb.DuckDBPyConnection, held_back: pl.DataFrame, *, cycle: int, now: datetime) -> None:
    """Opens an entry for each row of ``held_back`` (HELD_BACK), or renews the one that is open."""
    if held_back.is_empty():
        return
    fresh = held_back.sort(KEY).with_row_index("n")
    with registered(con, fresh=fresh):
        con.execute(
            "update ledger.quarantine as q set op = f.op, verdict = f.verdict, reason = f.reason, malformed = f.malformed, "
            "is_snapshot = f.is_snapshot, site_row = f.site_row, central_row = f.central_row, last_seen_at = ?, cycle = ? "
            "from fresh as f where q.state = 'open' and q.site_id = f.site_id and q.table_name = f.table_name and q.record_id = f.record_id",
            [now, cycle],
        )
        con.execute(
            "insert into ledger.quarantine select (select coalesce(max(id), 0) from ledger.quarantine) + row_number() over (order by n), "
            "site_id, table_name, record_id, op, verdict, reason, malformed, is_snapshot, site_row, central_row, ?, ?, ?, ?, 'open', null, null, null "
            "from fresh where (site_id, table_name, record_id) not in "
            "(select site_id, table_name, record_id from ledger.quarantine where state = 'open') order by n",
            [now, now, cycle, cycle],
        )


def news(con: duckdb.DuckDBPyConnection, held_back: pl.DataFrame) -> pl.DataFrame:
    """``held_back`` without the changes that waited before and still wait for the same reason."""
    known = query(
        con, "select id as waiting_since, reason, true as is_known from ledger.quarantine where state = 'open'"
    )
    return (
        held_back.join(known, on=["waiting_since", "reason"], how="left", maintain_order="left")
        .filter(pl.col("is_known").is_null())
        .drop("is_known")
    )


def close(con: duckdb.DuckDBPyConnection, admitted: pl.DataFrame, *, cycle: int) -> None:
    """Closes the open entries of ``admitted`` (site_id, table_name, record_id): the cause is cured.

    The rows of changes that waited are where they belong now, and are not kept here a second time.
    """
    if admitted.is_empty():
        return
    with registered(con, admitted=admitted.select(KEY)):
        con.execute(
            "update ledger.quarantine set state = case verdict when 'waiting' then 'admitted' else 'closed' end, "
            "site_row = case verdict when 'rejected' then site_row end, closed_cycle = ? "
            "where state = 'open' and (site_id, table_name, record_id) in (select site_id, table_name, record_id from admitted)",
            [cycle],
        )


def discard(con: duckdb.DuckDBPyConnection, id: int, *, note: str, by: str, cycle: int) -> pl.DataFrame:  # noqa: A002 - the column's name
    """Closes an open entry for good; returns its site_id, table_name, record_id (no row where it is not open)."""
    found = query(
        con, "select site_id, table_name, record_id from ledger.quarantine where id = ? and state = 'open'", [id]
    )
    con.execute(
        "update ledger.quarantine set state = 'discarded', note = ?, closed_by = ?, closed_cycle = ? where id = ? and state = 'open'",
        [note, by, cycle, id],
    )
    return found


def counts(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """site_id, rejected, waiting: the open entries of each site."""
    return query(
        con,
        "select site_id, count(*) filter (verdict = 'rejected') as rejected, count(*) filter (verdict = 'waiting') as waiting "
        "from ledger.quarantine where state = 'open' group by site_id order by site_id",
    )


def open_entries(
    con: duckdb.DuckDBPyConnection, *, site: str | None = None, with_waiting: bool = False
) -> pl.DataFrame:
    """The open entries, rejected ones first, newest last, without the rows themselves."""
    verdicts = ["rejected", "waiting"] if with_waiting else ["rejected"]
    return query(
        con,
        "select q.id, s.site_code, q.table_name, q.record_id, q.op, q.verdict, q.reason, q.malformed, q.first_seen_at, q.last_seen_at, "
        "q.first_cycle, q.cycle from ledger.quarantine as q join ledger.site as s using (site_id) "
        "where q.state = 'open' and q.verdict in (select unnest(?::varchar[])) and (? is null or s.site_code = ?) "
        "order by q.verdict, q.id",
        [verdicts, site, site],
    )


def entry(con: duckdb.DuckDBPyConnection, id: int) -> dict[str, Any] | None:  # noqa: A002 - the column's name
    """One entry whole, open or not: both versions as JSON of text; None where there is none."""
    rows = query(
        con,
        "select s.site_code, q.* exclude (site_id) from ledger.quarantine as q join ledger.site as s using (site_id) where q.id = ?",
        [id],
    ).to_dicts()
    return rows[0] if rows else None
