"""The database of a snapshot: replicas copied or brought up to date, reports worked out, macros that stand alone
(B16)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter

from sync_rules.schema import Schema
from warehouse.connection import Connection, first, quote, transaction
from warehouse.identifiers import literal
from warehouse.records.publication import noted_in
from warehouse.reports.comments import comment_on
from warehouse.reports.files import macros, published_macros, published_reports
from warehouse.snapshots import kept_parts, touched_pairs
from warehouse.snapshots.contents import STORAGE_VERSION, published_tables, row_condition
from warehouse.snapshots.history import write_headline

REPORTS = tuple(file.name for file in published_reports())
"""The reports that snapshots have as tables, each after those it needs."""

_NAME = re.compile(r"^create or replace macro (\w+)", re.MULTILINE)


@contextmanager
def attached(con: Connection, path: Path) -> Iterator[Connection]:
    """A connection of its own to the same warehouse, with the file at ``path`` as database ``snap``; made where it is
    not there. At the end the file is whole, and nothing is set on ``con``."""
    own = con.cursor()
    try:
        own.execute("set TimeZone = 'UTC'")
        home = _database(own)
        own.execute(f"attach {literal(path)} as snap (storage_version '{STORAGE_VERSION}')")
        try:
            yield own
        finally:
            own.execute(f"use {home}")
            own.execute("detach snap")
    finally:
        own.close()


def write_full(own: Connection, schema: Schema, number: int, now: datetime) -> float:
    """Writes everything into an empty ``snap``, as it is in one moment; the seconds that reports took."""
    with as_of(own, now), transaction(own):
        for table in published_tables(schema):
            own.execute(
                f"create table snap.main.{quote(table)} as select {_columns(table, schema)} from "
                f"replica.{quote(table)} "
                f"where {row_condition(table, schema)}"
            )
        seconds = _write_reports(own, number, kept_parts.write_all)
        with _within(own):
            write_macros(own)
            comment_on(own, schema, "main")
    return seconds


def write_changes(own: Connection, schema: Schema, number: int, now: datetime) -> float:
    """Brings a ``snap`` that is a copy of the last published one up to date: the rows noted since, and the reports,
    those by store and item of the pairs that changed; the seconds that reports took."""
    with as_of(own, now):
        is_ground = kept_parts.is_ground(own)
        kept_parts.drop_reports(own, is_ground=is_ground)
        own.execute("checkpoint snap")  # what the old reports took is free for the new ones
        with transaction(own):
            if is_ground:
                touched_pairs.note_altered(own, schema)
            _write_rows(own, schema)
            write = partial(kept_parts.write_touched, schema=schema) if is_ground else kept_parts.write_all
            seconds = _write_reports(own, number, write)
            with _within(own):
                comment_on(own, Schema({}, ()), "main")  # the tables have theirs
    return seconds


def _write_rows(own: Connection, schema: Schema) -> None:
    """Brings the replicas up to date."""
    for table in published_tables(schema):
        target, noted = f"snap.main.{quote(table)}", noted_in(table)
        if first(own, f"{noted} limit 1") is None:
            continue
        own.execute(f"delete from {target} where id in ({noted})")
        own.execute(
            f"insert into {target} select {_columns(table, schema)} from replica.{quote(table)} "
            f"where id in ({noted}) and ({row_condition(table, schema)})"
        )


def row_counts(own: Connection, schema: Schema) -> dict[str, int]:
    """The rows of every table of ``snap``."""
    return _counts(own, {table: f"snap.main.{quote(table)}" for table in published_tables(schema)})


def has_all_rows(own: Connection, schema: Schema) -> bool:
    """Whether every table of ``snap`` has as many rows as there are to publish."""
    there = {
        table: f"replica.{quote(table)} where {row_condition(table, schema)}" for table in published_tables(schema)
    }
    return row_counts(own, schema) == _counts(own, there)


def write_parquet(own: Connection, folder: Path, saved: Sequence[str] = ()) -> dict[str, int]:
    """Writes each report of ``snap``, ``saved`` questions too, to a Parquet file; its rows, by report."""
    for report in (*REPORTS, *saved):
        target = literal(folder / f"{report}.parquet")
        own.execute(f"copy snap.reports.{quote(report)} to {target} (format parquet, compression zstd)")
    return _counts(own, {report: f"snap.reports.{quote(report)}" for report in (*REPORTS, *saved)})


@contextmanager
def as_of(own: Connection, now: datetime) -> Iterator[None]:
    """Reports speak of ``now`` while the body runs."""
    own.execute(f"set variable as_of_at = timestamptz '{now.isoformat()}'")
    try:
        yield
    finally:
        own.execute("reset variable as_of_at")


@contextmanager
def _within(own: Connection) -> Iterator[None]:
    """Names without a database are those of ``snap`` while the body runs."""
    home = _database(own)
    own.execute("use snap")
    yield
    own.execute(f"use {home}")


def _database(own: Connection) -> str:
    (name,) = first(own, "select current_database()") or ("",)
    return quote(str(name))


def _write_reports(own: Connection, number: int, write: Callable[[Connection], None]) -> float:
    """The reports as tables; the seconds it took."""
    began = perf_counter()
    write(own)
    own.execute(f"update snap.reports.snapshot set number = {number}")
    write_headline(own)
    return perf_counter() - began


def write_macros(own: Connection) -> None:
    """The macros, in the current database; those that read the ledger read the snapshot instead."""
    ours = {_named(statement): statement for statement in _statements(own, published_macros())}
    for statement in _statements(own, macros()):
        own.execute(ours.get(_named(statement), statement))


def _statements(own: Connection, sql: str) -> list[str]:
    return [statement.query for statement in own.extract_statements(sql)]


def _named(statement: str) -> str:
    found = _NAME.search(statement)
    if found is None:
        raise ValueError(f"no macro is created by `{statement.strip()[:60]}`")
    return found.group(1)


def _columns(table: str, schema: Schema) -> str:
    return ", ".join(quote(column.name) for column in schema.travelling(table))


def _counts(own: Connection, relations: Mapping[str, str]) -> dict[str, int]:
    """How many rows there are of each, by name: all asked at once."""
    asked = " union all ".join(f"select '{name}', count(*) from {what}" for name, what in relations.items())
    return {str(name): int(rows) for name, rows in own.execute(asked).fetchall()} if relations else {}
