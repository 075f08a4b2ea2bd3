"""The changes that were not admitted, kept whole (A2): both versions, who, when, why.

At most one open entry for a site and record: a later verdict on the same record replaces its
reason and keeps when it was first seen; a change admitted at last closes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, ChangeKey
from sync_rules.schema import Schema
from sync_rules.table.rules import RULES
from warehouse.batch.blanks import with_central_values
from warehouse.batch.waiting_rows import rows_of_waiting
from warehouse.connection import query, registered
from warehouse.frames import LineTable, QuarantinedChange, Uncollected
from warehouse.records import replicas
from warehouse.statements import statement
from wire.frames import Notice


def keep(con: duckdb.DuckDBPyConnection, held_back: FrameOf[QuarantinedChange], *, cycle: int, now: datetime) -> None:
    """Opens an entry for each row of ``held_back``, or renews the one that is open."""
    if held_back.is_empty():
        return
    fresh = held_back.sort(CHANGE).with_row_index("n")
    with registered(con, fresh=fresh):
        con.execute(
            statement("keep"),
            [now, cycle],
        )
        con.execute(
            statement("keep_again"),
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
    """Closes the open entries of ``admitted`` (site_id, table_name, record_id, and waiting_since: the entry that was
    judged again, or null): the cause is cured, or a later change of the record was admitted.

    The rows of changes that waited are where they belong now, and are not kept here a second time.
    """
    if admitted.is_empty():
        return
    with registered(con, admitted=admitted.select(*CHANGE, "waiting_since")):
        con.execute(
            statement("close"),
            [cycle],
        )


def undecided(con: duckdb.DuckDBPyConnection, held_back: FrameOf[QuarantinedChange]) -> FrameOf[QuarantinedChange]:
    """``held_back`` without rows that were merely read whole again and that an operator discarded as they are."""
    discarded = query(
        con, "select site_id, table_name, record_id, reason, site_row from ledger.quarantine where state = 'discarded'"
    )
    same = [*CHANGE, "reason", "site_row"]
    known = held_back.filter("is_snapshot").join(discarded, on=same, how="semi").select(CHANGE)
    return QuarantinedChange.check(held_back.join(known, on=CHANGE, how="anti", maintain_order="left"))


def close_copies(
    con: duckdb.DuckDBPyConnection,
    admitted: pl.DataFrame,
    schema: Schema,
    uncollected: FrameOf[Uncollected],
    *,
    cycle: int,
) -> FrameOf[ChangeKey]:
    """Closes the open entries of rows that were merely read whole, where central holds the very same row now that
    ``admitted`` (keys) came from the site that may make it; returns what they were about: their sites have these.
    ``uncollected``: columns that sites have not got."""
    closed = [ChangeKey.empty()]
    listed = query(
        con,
        "select id, site_id, table_name, record_id, site_row from ledger.quarantine where state = 'open' and "
        "is_snapshot and verdict = 'rejected' and op = 'upsert'",
    ).join(admitted.select(RECORD), on=RECORD, how="semi")
    for (table,), group in listed.group_by("table_name", maintain_order=True):
        sent = {str(table): [rows_of_waiting(group, str(table), schema).lazy()]}
        [rows] = pl.collect_all(with_central_values(con, sent, uncollected, schema)[str(table)])
        equal = replicas.equal_rows(con, str(table), rows, schema)
        same = group.join(equal, on=["site_id", "record_id"], how="semi", maintain_order="left")
        con.execute(
            "update ledger.quarantine set state = 'closed', closed_cycle = ? where id in (select unnest(?::bigint[]))",
            [cycle, same["id"].to_list()],
        )
        closed.append(ChangeKey.take(same.select(CHANGE)))
    return ChangeKey.check(pl.concat(closed))


def drop(con: duckdb.DuckDBPyConnection, moot: pl.DataFrame, *, cycle: int) -> None:
    """Closes the open entries of ``moot`` (site_id, table_name, record_id): there is nothing to judge any more. Their
    rows are at their sites."""
    if moot.is_empty():
        return
    with registered(con, moot=moot.select(CHANGE)):
        con.execute(statement("drop"), [cycle])


def discard(con: duckdb.DuckDBPyConnection, ids: Sequence[int], *, note: str, by: str, cycle: int) -> pl.DataFrame:
    """Closes open entries for good; returns their site_id, table_name, record_id (no row for those not open)."""
    found = query(
        con,
        "select site_id, table_name, record_id from ledger.quarantine where id in (select unnest(?::bigint[])) and "
        "state = 'open' order by id",
        [list(ids)],
    )
    con.execute(
        "update ledger.quarantine set state = 'discarded', note = ?, closed_by = ?, closed_cycle = ? "
        "where id in (select unnest(?::bigint[])) and state = 'open'",
        [note, by, cycle, list(ids)],
    )
    return found


def of_documents(con: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> pl.DataFrame:
    """The open entries of the same site about the same document as each of the entries ``ids``, itself too while it is
    open.

    asked (one of ``ids``), id, table_name, record_id, is_line, and is_held: central holds the document's header.
    """
    lines = LineTable.of(
        (name, rule.table.parent, f"$.{rule.table.parent_column}") for name, rule in RULES.items() if rule.table.parent
    )
    with registered(con, lines=lines):
        return query(con, statement("of_documents"), [list(ids)])


def refused_of_sites(
    con: duckdb.DuckDBPyConnection, tables: Collection[str], *, undecided: Collection[str] = ()
) -> FrameOf[ChangeKey]:
    """The records of ``tables`` that were rejected when they were new, and are on the list or were discarded: central
    does not hold them, or has somebody else's of that id. So those of ``undecided`` that are on the list still."""
    return ChangeKey.check(query(con, statement("refused_of_sites"), [list(tables), list(undecided)]))


def notices(con: duckdb.DuckDBPyConnection, sites: Sequence[int], *, since: datetime) -> pl.DataFrame:
    """site_id and the columns of Notice: what ``sites`` were not told yet of their changes, none seen before ``since``.

    Told is what a change set brought that the site has applied. Central's row is in it where the site may see it.
    """
    found = query(con, statement("notices"), [list(sites), since])
    at = pl.col("last_seen_at").dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    return found.select("site_id", *Notice.names()[:-1], noticed_at=at)


def open_entries(
    con: duckdb.DuckDBPyConnection,
    *,
    site: str | None = None,
    with_waiting: bool = False,
    seen_before: tuple[datetime, str] | None = None,
) -> pl.DataFrame:
    """The open entries, rejected ones first, newest last, without the rows themselves.

    ``seen_before``: only those first seen longer than a span (`7 days`) before a time.
    """
    verdicts = ["rejected", "waiting"] if with_waiting else ["rejected"]
    at, span = seen_before or (None, None)
    return query(
        con,
        statement("open_entries"),
        [verdicts, site, site, span, at, span],
    )


def refused_for(con: duckdb.DuckDBPyConnection, site_code: str, reason: str) -> list[int]:
    """The ids of the open changes of a site that were rejected for a reason, in order."""
    found = con.execute(
        "select id from ledger.quarantine join ledger.site using (site_id) "
        "where state = 'open' and verdict = 'rejected' and site_code = ? and reason = ? order by id",
        [site_code, reason],
    ).fetchall()
    return [id for (id,) in found]  # noqa: A001 - the column's name


def listed_by(con: duckdb.DuckDBPyConnection, site_id: int, cycle: int) -> pl.DataFrame:
    """table_name, record_id, reason of a site's open changes that a cycle put on the list, or left there anew."""
    return query(
        con,
        "select table_name, record_id, reason from ledger.quarantine where state = 'open' and site_id = ? "
        "and cycle = ? order by all",
        [site_id, cycle],
    )


def reasons_of_cycle(con: duckdb.DuckDBPyConnection, cycle: int) -> pl.DataFrame:
    """site_code, table_name, verdict, reason, records: what a cycle held back that was not held back before."""
    return query(
        con,
        "select site_code, table_name, verdict, reason, count(*) as records from ledger.quarantine "
        "join ledger.site using (site_id) where first_cycle = ? group by all order by all",
        [cycle],
    )


def entry(con: duckdb.DuckDBPyConnection, id: int) -> dict[str, Any] | None:  # noqa: A002 - the column's name
    """One entry whole, open or not: both versions as JSON of text; None where there is none."""
    rows = query(
        con,
        "select s.site_code, q.* exclude (site_id) from ledger.quarantine as q join ledger.site as s using (site_id) "
        "where q.id = ?",
        [id],
    ).to_dicts()
    return rows[0] if rows else None


def decisions(con: duckdb.DuckDBPyConnection, id: int) -> pl.DataFrame:  # noqa: A002 - the column's name
    """number, kind, reason, decided_at, decided_by, cycle of what operators decided about an entry."""
    return query(
        con,
        "select number, kind, reason, decided_at, decided_by, cycle from ledger.decision where entry = ? or "
        "list_contains(entries, ?) order by number",
        [id, id],
    )


def central_row(con: duckdb.DuckDBPyConnection, table: str, record_id: str, schema: Schema) -> str | None:
    """The row that central holds now, as JSON of text; None where it holds none."""
    if table not in schema.tables:
        return None
    key = pl.DataFrame({"table_name": [table], "record_id": [record_id]})
    found = replicas.rows_as_text(con, key, schema)
    return str(found["central_row"].item()) if found.height else None
