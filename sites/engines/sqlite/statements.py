"""Statements, bulk reads and bulk writes on SQLite, through ADBC as Arrow tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from adbc_driver_manager.dbapi import Connection

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CONTROL_TABLE
from sites.engines.sql import SqlCondition, quote, quote_all, upsert_statement
from sites.engines.sqlite.errors import file_errors
from sites.engines.sqlite.values import values_of_file

_BATCH_ROWS = "16384"


class SqliteStatements(SiteDatabase):
    """What runs on a SQLite file: statements, rows, transactions."""

    has_one_writer = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._there: set[str] = set()  # tables that were seen, until one is dropped or what was done is undone

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows."""
        if sql.startswith(("drop", "rollback")):
            self._there.clear()
        with file_errors(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(parameters) or None)
            # whole columns at once: the driver's own rows are made value by value, which costs eight times as much
            return list(zip(*(column.to_pylist() for column in cursor.fetch_arrow_table().columns), strict=True))

    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text."""
        # The driver guesses each column's type from the first rows, and a later value of another
        # type ends the read. A first row of blobs, and blobs after it, leave nothing to guess.
        witness = ", ".join(f"x'00' as {quote(name)}" for name in columns)
        values = ", ".join(f"cast(q.{quote(name)} as blob)" for name in columns)
        with file_errors(), self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _BATCH_ROWS})
            cursor.execute(f"select {witness} union all select {values} from ({sql}) as q", tuple(parameters) or None)
            table = cursor.fetch_arrow_table()
        if table.num_rows == 1:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        frame = pl.DataFrame(pl.from_arrow(table.slice(1)))
        return frame.select(_text(frame[name]) for name in columns)

    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows in bulk."""
        sql = f"insert into {quote(table)} ({quote_all(frame.columns)}) values ({_marks(frame)})"
        self._many(sql, values_of_file(frame))

    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows, or update those whose ``id`` exists.

        What breaks a rule of the table is refused, also where the table says ``on conflict replace`` or ``ignore``:
        those would delete other rows, or leave this one out, without a word (B19).
        """
        sql = upsert_statement(table, frame.columns, f"values ({_marks(frame)})", verb="insert or abort")
        # in key order the pages of the key's index are each touched once
        self._many(sql, values_of_file(frame.sort("id")))

    def update_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Write typed rows over those that have their ``id``."""
        others = [name for name in frame.columns if name != "id"]
        changes = ", ".join(f"{quote(name)} = ?" for name in others)
        if others:
            rows = values_of_file(frame.sort("id")).select(*others, "id")
            self._many(f"update {quote(table)} set {changes} where id = ?", rows)

    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table."""
        self.execute(f"drop table if exists temp.{quote(table)}")
        columns = ", ".join(f"{quote(name)} text" for name in frame.columns)
        self.execute(f"create temp table {quote(table)} ({columns}, primary key ({quote_all(frame.columns)}))")
        self._many(f"insert into temp.{quote(table)} values ({_marks(frame)})", frame)

    def stage_rows(self, name: str, table: str, frame: pl.DataFrame) -> None:
        """Put typed rows into a temporary table."""
        columns = quote_all(frame.columns)
        self.execute(f"create temp table {quote(name)} as select {columns} from {quote(table)} limit 0")
        self._many(f"insert into temp.{quote(name)} values ({_marks(frame)})", values_of_file(frame))

    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""
        self.execute(f"drop table if exists temp.{quote(table)}")

    def id_list(self, ids: Iterable[str]) -> SqlCondition:
        """The query that gives the ids."""
        return "(select value from json_each(?))", (json.dumps(sorted(set(ids))),)

    def number_list(self, numbers: Iterable[int]) -> SqlCondition:
        """The query that gives the numbers."""
        return "(select value from json_each(?))", (json.dumps(sorted(set(numbers))),)

    def whole_number(self, column: str) -> str:
        """The condition that an integer column holds an integer."""
        return f"typeof({column}) = 'integer'"

    def _begin(self, *, write: bool) -> str:
        return "begin immediate" if write else "begin"

    def keep_out_writers(self) -> bool:
        """Nobody else writes while a write transaction is open."""
        return True

    def lock_rows(self, table: str, ids: SqlCondition) -> None:
        """Nothing is left to lock: who writes has the file."""

    def allow_later_parents(self) -> None:
        """Look at foreign keys at the end: rows are written one by one, each of them checked as it is."""
        self.execute("pragma defer_foreign_keys = on")

    def mark_delivery(self, *, is_delivery: bool) -> None:
        """Set the flag that the triggers read, in the transaction, so that nobody else sees it set."""
        self.execute(f"update {CONTROL_TABLE} set applying = ?", (int(is_delivery),))

    def _many(self, sql: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        with file_errors(), self._connection.cursor() as cursor:
            cursor.executemany(sql, frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _marks(frame: pl.DataFrame) -> str:
    return ", ".join("?" * frame.width)


def _text(column: pl.Series) -> pl.Series:
    """Bytes as text; bytes that are not UTF-8 as the contract of ``read`` says."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(column.name, [_lenient(value) for value in column], dtype=pl.String)


def _lenient(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "\0" + value.decode("utf-8", errors="backslashreplace")
