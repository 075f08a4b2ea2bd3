"""The registry of change sets: what each site was sent, and what it answered (M4, B3, B5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import Entry, Position, Removal, ScopedRecord, Subscription
from sync_rules.schema import Schema
from sync_rules.words import Answer, EntryKind, Skip
from warehouse.connection import first, query, quote, registered
from warehouse.frames import RowSize
from warehouse.records.door import Records
from warehouse.statements import statement
from wire.frames import SkippedRow


@dataclass(frozen=True)
class Pending:
    """A registered change set that its site has not answered yet."""

    site_id: int
    number: int
    path: str
    content_hash: str
    upserts: int
    deletes: int


def positions(con: duckdb.DuckDBPyConnection, sites: list[int]) -> FrameOf[Position]:
    """The positions of ``sites``: how far along the sequence each was delivered."""
    return Position.check(
        query(
            con,
            "select site_id, position from ledger.site where site_id in (select unnest(?::bigint[])) and position is "
            "not null order by 1",
            [sites],
        )
    )


def entries_past(con: duckdb.DuckDBPyConnection, position: int) -> FrameOf[Entry]:
    """The entries of the sequence past ``position``, in order."""
    columns = ", ".join(Entry.schema)
    return Entry.check(query(con, f"select {columns} from ledger.sequence where seq > ? order by seq", [position]))


def subscriptions(con: duckdb.DuckDBPyConnection, positions: FrameOf[Position]) -> FrameOf[Subscription]:
    """The scopes of each site at its position and now, those that changed in between and those
    of records that the sequence names past the lowest position; nothing else can matter."""
    with registered(con, positions=positions):
        found = query(
            con,
            statement("subscriptions"),
        )
    return Subscription.check(found)


def records(con: duckdb.DuckDBPyConnection, entries: FrameOf[Entry], scopes: list[str]) -> FrameOf[ScopedRecord]:
    """The records that ``entries`` name, and those that have one of ``scopes``."""
    with registered(con, named=entries.select("table_name", "record_id").unique()):
        found = query(
            con,
            statement("records"),
            [scopes],
        )
    return ScopedRecord.check(found)


def rows(con: duckdb.DuckDBPyConnection, table: str, routes: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """For ``routes`` (site_id, record_id) of a table: to_site and the replica's row, by site and id."""
    columns = ", ".join(f"r.{quote(column.name)}" for column in schema.travelling(table))
    with registered(con, routes=routes):
        return query(
            con,
            f"select t.site_id as to_site, {columns} from routes as t join replica.{quote(table)} as r on r.id = "
            "t.record_id order by t.site_id, r.id",
        )


def row_sizes(con: duckdb.DuckDBPyConnection, routes: pl.DataFrame, schema: Schema) -> FrameOf[RowSize]:
    """For ``routes`` (site_id, table_name, record_id): the same, and how many bytes the replica's row has as text."""
    found: list[pl.DataFrame] = [RowSize.empty()]
    for (table,), group in routes.group_by("table_name", maintain_order=True):
        size = " + ".join(f"coalesce(strlen(r.{quote(one.name)}::varchar), 0)" for one in schema.travelling(str(table)))
        sql = (
            f"select t.site_id, t.table_name, t.record_id, {size} as bytes from routes as t "
            f"join replica.{quote(str(table))} as r on r.id = t.record_id"
        )
        with registered(con, routes=group):
            found.append(RowSize.take(query(con, sql)))
    return RowSize.check(pl.concat(found))


def removals(con: duckdb.DuckDBPyConnection, deletes: pl.DataFrame) -> FrameOf[Removal]:
    """For ``deletes`` (site_id, table_name, removed): how much of a table a site would lose (M8)."""
    if deletes.is_empty():
        return Removal.empty()
    with registered(con, deletes=deletes):
        found = query(
            con,
            statement("removals"),
        )
    return Removal.check(found)


def register(con: duckdb.DuckDBPyConnection, made: pl.DataFrame, held: list[int], *, cycle: int) -> None:
    """Enters change sets whose files are written.

    ``made``: site_id, number, from_seq, to_seq, content_hash, path, upserts, deletes. The sets of the sites
    ``held`` wait until somebody releases them (M8).
    """
    with registered(con, made=made):
        con.execute(
            statement("register"),
            [cycle, held],
        )
        con.execute(
            "update ledger.site set is_released = false where site_id in (select site_id from made) "
            "and site_id not in (select unnest(?::bigint[]))",
            [held],
        )


def supersede(con: duckdb.DuckDBPyConnection, sites: list[int]) -> None:
    """Lets go of what was not delivered to sites that are routed anew, also where they are sent nothing now: it must
    not go over what became of its records since (M5)."""
    con.execute(
        "update ledger.change_set set state = 'superseded' where state in ('pending', 'held', 'failed') and site_id in "
        "(select unnest(?::bigint[]))",
        [sites],
    )


def advance(con: duckdb.DuckDBPyConnection, sites: list[int], to_seq: int) -> None:
    """Moves sites for which the sequence holds nothing new: there is nothing to deliver."""
    con.execute(
        "update ledger.site set position = ? where site_id in (select unnest(?::bigint[])) and position is not null",
        [to_seq, sites],
    )


def pending(con: duckdb.DuckDBPyConnection) -> list[Pending]:
    """The change sets to be delivered, by site."""
    found = con.execute(
        "select site_id, number, path, content_hash, upserts, deletes from ledger.change_set where state in "
        "('pending', 'failed') order by 1, 2"
    ).fetchall()
    return [Pending(*row) for row in found]


def unanswered(con: duckdb.DuckDBPyConnection, to_seq: int) -> list[tuple[int, str]]:
    """Sites that have a set up to ``to_seq`` already, with its path: it waits for the site, or for somebody to release
    it."""
    return con.execute(
        "select c.site_id, c.path from ledger.change_set as c join ledger.site as s using (site_id) where c.to_seq = ? "
        "and (c.state in ('pending', 'failed') or (c.state = 'held' and not s.is_released)) order by 1",
        [to_seq],
    ).fetchall()


def last_hashes(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], str]:
    """The content hashes of the change sets that a site may hold as its last, by site and number: the last one that it
    is known to have applied, and those that were made since."""
    found = con.execute(
        "select c.site_id, c.number, c.content_hash from ledger.change_set as c join ledger.site as s using (site_id) "
        "where c.number >= s.change_set_number"
    ).fetchall()
    return {(site_id, number): content_hash for site_id, number, content_hash in found}


def next_numbers(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """The number of each site's next change set; numbers of superseded ones are not used again."""
    found = con.execute("select site_id, max(number) + 1 from ledger.change_set group by site_id").fetchall()
    return {row[0]: row[1] for row in found}


def answer(records: Records, site_id: int, answered: Answer, *, now: datetime) -> None:
    """Takes a site's answer: the set is applied, the position moves, skipped rows are retried (B19).

    An answer that is known already, or is to no registered set, changes nothing.
    """
    con = records.con
    row = first(
        con,
        "select from_seq, to_seq from ledger.change_set where site_id = ? and number = ? and content_hash = ? "
        "and state <> 'applied'",
        [site_id, answered.number, answered.content_hash],
    )
    if row is None:
        return
    con.execute(
        "update ledger.change_set set state = 'applied', answered_at = ?, answer = ? where site_id = ? and number = ?",
        [
            now,
            json.dumps([[one.table_name, one.record_id, one.why] for one in answered.skipped]),
            site_id,
            answered.number,
        ],
    )
    con.execute(
        "update ledger.site set position = ?, change_set_number = ? where site_id = ? and change_set_number < ?",
        [row[1], answered.number, site_id, answered.number],
    )
    con.execute(statement("arrived"), [site_id, *row, site_id])
    _list_skipped(records, site_id, answered)


def _list_skipped(records: Records, site_id: int, answered: Answer) -> None:
    """Rows edited at the site are sent again in the next cycle; what it did not take stays listed."""
    if not answered.skipped:
        return
    skipped = SkippedRow.of((one.table_name, one.record_id, one.why, one.said) for one in answered.skipped).sort(
        "table_name", "record_id"
    )
    with registered(records.con, skipped=skipped):
        records.con.execute(
            "insert into ledger.skipped (site_id, number, table_name, record_id, why, said, is_open) "
            "select ?, ?, table_name, record_id, why, said, why <> ? from skipped",
            [site_id, answered.number, Skip.EDITED_SINCE_PULL],
        )
    edited = skipped.filter(pl.col("why") == Skip.EDITED_SINCE_PULL)
    records.address(EntryKind.RETRY, edited.with_columns(site_id=pl.lit(site_id, pl.Int64)))


def retry_skipped(records: Records, site_id: int) -> None:
    """Tries again what the site could not remove, or would not have: something changed there (R7, B19)."""
    con = records.con
    condition = "site_id = ? and is_open and why <> ?"
    of_site = [site_id, Skip.ALTERED_BY_SITE]
    listed = query(
        con, f"select distinct table_name, record_id from ledger.skipped where {condition} order by 1, 2", of_site
    )
    con.execute(f"update ledger.skipped set is_open = false where {condition}", of_site)
    records.address(EntryKind.RETRY, listed.with_columns(site_id=pl.lit(site_id, pl.Int64)))


def fail(con: duckdb.DuckDBPyConnection, site_id: int, number: int, reason: str, *, now: datetime) -> None:
    """Keeps why a delivery failed; the next cycle sends what the site lacks in a new set."""
    con.execute(
        "update ledger.change_set set state = 'failed', answered_at = ?, answer = ? where site_id = ? and number = ?",
        [now, json.dumps(reason), site_id, number],
    )
