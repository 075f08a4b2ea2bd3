"""PostgreSQL through psycopg: statements, and COPY for everything large.

Nothing here opens a connection: ``sites.engines.connection`` does (B1).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import polars as pl
import psycopg

from sites.engines.engine import SiteDatabase, SiteFailed, Unreachable, quote, quoted, upsert_statement

_TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f+00"
_GONE = {
    "57P01",
    "57P02",
    "57P03",
    "08000",
    "08003",
    "08006",
    "55P03",
    "40P01",
}  # the last two: locks, worth another try


class PostgresqlDatabase(SiteDatabase):
    """A database on a PostgreSQL server; its tables are in the connection's default schema."""

    engine: Literal["postgresql"] = "postgresql"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows."""
        with translated():
            if not parameters:
                cursor = self._connection.execute(sql.encode())
            else:
                cursor = self._connection.execute(_percent(sql).encode(), tuple(parameters))
            return cursor.fetchall() if cursor.description else []

    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text."""
        statement = f"copy ({sql}) to stdout (format csv)"
        lines = io.BytesIO()
        with translated(), self._connection.cursor() as cursor:
            text = _percent(statement) if parameters else statement
            with cursor.copy(text.encode(), tuple(parameters) or None) as copy:
                for block in copy:
                    lines.write(block)
        if lines.tell() == 0:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        lines.seek(0)
        # text only, nothing guessed; bare nothing is NULL, quoted nothing is ''
        return pl.read_csv(lines, has_header=False, new_columns=list(columns), infer_schema=False)

    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows in bulk."""
        self._copy_in(table, frame)

    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows, or update those whose ``id`` exists."""
        incoming = f"supplysync_rows_{table}"[:63]
        columns = quoted(frame.columns)
        self.execute(
            f"create temp table {quote(incoming)} on commit drop as select {columns} from {quote(table)} limit 0"
        )
        self._copy_in(incoming, frame)
        # "where true" keeps the parser from reading "on conflict" as a join condition
        source = f"select {columns} from {quote(incoming)} where true"
        self.execute(upsert_statement(table, frame.columns, source))
        self.unstage(incoming)

    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table."""
        self.unstage(table)
        columns = ", ".join(f"{quote(name)} text" for name in frame.columns)
        self.execute(f"create temp table {quote(table)} ({columns}, primary key ({quoted(frame.columns)}))")
        self._copy_in(table, frame)
        # the planner takes an unknown temporary table for a large one
        self.execute(f"analyze {quote(table)}")

    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""
        self.execute(f"drop table if exists pg_temp.{quote(table)}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _begin(self, *, write: bool) -> str:
        return "begin isolation level read committed" if write else "begin isolation level repeatable read read only"

    def _copy_in(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        lines = io.BytesIO()
        # whatever is not a number is quoted and NULL is bare, so that '' and NULL stay apart
        frame.write_csv(lines, include_header=False, quote_style="non_numeric", datetime_format=_TIME_FORMAT)
        statement = f"copy {quote(table)} ({quoted(frame.columns)}) from stdin (format csv)"
        with translated(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(lines.getvalue())


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; the server's detail is left out, since it quotes values."""
    try:
        yield
    except psycopg.Error as error:
        reason = error.diag.message_primary or type(error).__name__
        if error.sqlstate in _GONE or (error.sqlstate is None and isinstance(error, psycopg.OperationalError)):
            raise Unreachable(reason) from None
        raise SiteFailed(reason) from None


@lru_cache(maxsize=4096)
def _percent(sql: str) -> str:
    """``?`` as psycopg's ``%s``, and ``%`` doubled; text between quotes keeps its question marks."""
    parts = sql.replace("%", "%%").split("'")
    parts[::2] = [part.replace("?", "%s") for part in parts[::2]]
    return "'".join(parts)
