"""The registry of change sets: what each site was sent (M4, B3, B5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, Entry, Position, Removal, ScopedRecord, Subscription
from sync_rules.schema import Schema
from warehouse.connection import query, quote, registered, spilling
from warehouse.frames import RowSize
from warehouse.statements import statement

_MEMORY = "1GB"
_PAST_ALL = 10**8


@dataclass(frozen=True)
class Pending:
    """A registered change set that its site has not answered yet."""

    site_id: int
    number: int
    path: str
    content_hash: str
    upserts: int
    deletes: int


def positions(con: duckdb.DuckDBPyConnection, sites: Collection[int] | None = None) -> FrameOf[Position]:
    """The positions of ``sites``, or of all that were ever pulled: how far along the sequence each was delivered."""
    rows = con.execute(
        "select site_id, position from ledger.site where bookmark is not null and position is not null order by 1"
    ).fetchall()
    asked = None if sites is None else frozenset(sites)
    return Position.of(row for row in rows if asked is None or row[0] in asked)


@contextmanager
def setting_aside(con: duckdb.DuckDBPyConnection, positions: FrameOf[Position]) -> Iterator[None]:
    """While the body runs, ``entries_past`` and ``records`` leave out what nobody lacks: records that only their maker
    has, and had, a scope of, and that nothing else happened to since ``positions``."""
    with registered(con, positions=positions), spilling(con, _MEMORY):
        con.execute(f"create temp table set_aside as {statement('set_aside')}", [_lowest(positions)])
    try:
        yield
    finally:
        con.execute("drop table set_aside")


def entries_past(con: duckdb.DuckDBPyConnection, positions: FrameOf[Position]) -> FrameOf[Entry]:
    """The entries of the sequence past the lowest of ``positions``, in order, without those that are set aside."""
    columns = ", ".join(Entry.schema)
    sql = f"select {columns} from ledger.sequence where seq > ? and seq not in (select seq from set_aside) order by seq"
    return Entry.check(query(con, sql, [_lowest(positions)]))


def turned_scopes(con: duckdb.DuckDBPyConnection, positions: FrameOf[Position]) -> list[str]:
    """The scopes that a site gained or lost since its position, sorted."""
    with registered(con, positions=positions):
        return [scope for (scope,) in con.execute(statement("turned_scopes")).fetchall()]


def subscriptions(
    con: duckdb.DuckDBPyConnection, positions: FrameOf[Position], scopes: pl.Series
) -> FrameOf[Subscription]:
    """Those of ``scopes`` that each site has at its position or now."""
    with registered(con, positions=positions, wanted=scopes.alias("scope").to_frame()):
        return Subscription.check(query(con, statement("subscriptions")))


def records(con: duckdb.DuckDBPyConnection, entries: FrameOf[Entry], scopes: list[str]) -> FrameOf[ScopedRecord]:
    """The records that ``entries`` name, and those that have one of ``scopes`` and are not set aside."""
    named = entries.select(RECORD).unique()
    with registered(con, named=named):
        if scopes:
            return ScopedRecord.check(query(con, statement("records"), [scopes]))
        return ScopedRecord.check(query(con, statement("records_named"))) if named.height else ScopedRecord.empty()


def _lowest(positions: FrameOf[Position]) -> int:
    lowest = positions["position"].min()
    return lowest if isinstance(lowest, int) else 0


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
    if not sites:
        return
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


def last_hashes(con: duckdb.DuckDBPyConnection) -> dict[int, dict[int, str]]:
    """The content hashes of the change sets that a site may hold as its last, by site, by number: the last one that it
    is known to have applied, and those that were made since."""
    found = con.execute(
        "select c.site_id, c.number, c.content_hash from ledger.change_set as c join ledger.site as s using (site_id) "
        "where c.number >= s.change_set_number"
    ).fetchall()
    hashes: dict[int, dict[int, str]] = {}
    for site_id, number, content_hash in found:
        hashes.setdefault(site_id, {})[number] = content_hash
    return hashes


def kept_from(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """By the name of each site's folder in ``folder``, the first number of a change set that the ledger still knows;
    one past them all where it knows none, as the site has another code by now, and was sent others since."""
    found = dict(
        con.execute("select split_part(path, '/', 1), min(number) from ledger.change_set group by all").fetchall()
    )
    names = sorted(one.name for one in folder.iterdir()) if found and folder.is_dir() else []
    return {name: found.get(name, _PAST_ALL) for name in names}


def registered_paths(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The folders of all change sets that the ledger knows, below that of change sets."""
    return frozenset(path for (path,) in con.execute("select path from ledger.change_set").fetchall())


def next_numbers(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """The number of each site's next change set; numbers of superseded ones are not used again."""
    found = con.execute("select site_id, max(number) + 1 from ledger.change_set group by site_id").fetchall()
    return {row[0]: row[1] for row in found}
