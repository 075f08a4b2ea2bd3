"""SQLite through ADBC: statements, bulk reads and bulk writes as Arrow tables.

Nothing here opens a file: ``sites.engines.connection`` does (B1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import adbc_driver_manager
import polars as pl
from adbc_driver_manager.dbapi import Connection

from sites.engines.engine import SiteDatabase, SiteFailed, Unreachable, quote, quoted, upsert_statement
from sites.engines.values import stored_in_sqlite

_BATCH_ROWS = "16384"


class SqliteDatabase(SiteDatabase):
    """A SQLite file."""

    engine: Literal["sqlite"] = "sqlite"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows."""
        with translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(parameters) or None)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text."""
        # The driver guesses each column's type from the first rows, and a later value of another
        # type ends the read. A first row of blobs, and blobs after it, leave nothing to guess.
        witness = ", ".join(f"x'00' as {quote(name)}" for name in columns)
        values = ", ".join(f"cast({quote(name)} as blob)" for name in columns)
        with translated(), self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _BATCH_ROWS})
            cursor.execute(f"select {witness} union all select {values} from ({sql})", tuple(parameters) or None)
            table = cursor.fetch_arrow_table()
        if table.num_rows == 1:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        frame = pl.DataFrame(pl.from_arrow(table.slice(1)))
        return frame.select(_text(frame[name]) for name in columns)

    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows in bulk."""
        sql = f"insert into {quote(table)} ({quoted(frame.columns)}) values ({_marks(frame)})"
        self._many(sql, stored_in_sqlite(frame))

    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows, or update those whose ``id`` exists."""
        sql = upsert_statement(table, frame.columns, f"values ({_marks(frame)})")
        # in key order the pages of the key's index are each touched once
        self._many(sql, stored_in_sqlite(frame.sort("id")))

    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table."""
        self.execute(f"drop table if exists temp.{quote(table)}")
        columns = ", ".join(f"{quote(name)} text" for name in frame.columns)
        self.execute(f"create temp table {quote(table)} ({columns}, primary key ({quoted(frame.columns)}))")
        self._many(f"insert into temp.{quote(table)} values ({_marks(frame)})", frame)

    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""
        self.execute(f"drop table if exists temp.{quote(table)}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _begin(self, *, write: bool) -> str:
        return "begin immediate" if write else "begin"

    def _many(self, sql: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        with translated(), self._connection.cursor() as cursor:
            cursor.executemany(sql, frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours, without the statement they quote."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        text = str(error).partition("\nquery:")[0]
        reason = text.rpartition(": ")[2] if "constraint failed" not in text else text.partition(": ")[2]
        if "is locked" in text or "busy" in text:
            raise Unreachable(f"the database is locked by another program ({reason})") from None
        raise SiteFailed(reason) from None


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
