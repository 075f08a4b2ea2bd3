"""PostgreSQL through psycopg: statements, and COPY for everything large.

Nothing here opens a connection: ``sites.connection`` does (B1).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from sites.database import SiteDatabase, SiteFailed, Unreachable, quote, quoted, upsert_statement

_BLOCK_BYTES = 1 << 24
_GONE = {"57P01", "57P02", "57P03", "08000", "08003", "08006", "55P03"}


class PostgresqlDatabase(SiteDatabase):
    """A database on a PostgreSQL server; its tables are in the connection's default schema."""

    engine: Literal["postgresql"] = "postgresql"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with translated():
            if not parameters:
                cursor = self._connection.execute(sql.encode())
            else:
                cursor = self._connection.execute(_percent(sql).encode(), tuple(parameters))
            return cursor.fetchall() if cursor.description else []

    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        statement = f"copy ({sql}) to stdout (format csv)"
        sink = pa.BufferOutputStream()
        with translated(), self._connection.cursor() as cursor:
            text = _percent(statement) if parameters else statement
            with cursor.copy(text.encode(), tuple(parameters) or None) as copy:
                for block in copy:
                    sink.write(block)
        return _parsed(sink.getvalue(), columns)

    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        self._copy_in(table, frame)

    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
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
        self.unstage(table)
        columns = ", ".join(f"{quote(name)} text" for name in frame.columns)
        self.execute(f"create temp table {quote(table)} ({columns}, primary key ({quoted(frame.columns)}))")
        self._copy_in(table, frame)
        # the planner takes an unknown temporary table for a large one
        self.execute(f"analyze {quote(table)}")

    def unstage(self, table: str) -> None:
        self.execute(f"drop table if exists pg_temp.{quote(table)}")

    def close(self) -> None:
        self._connection.close()

    def _begin(self, *, write: bool) -> str:
        return "begin" if write else "begin isolation level repeatable read read only"

    def _copy_in(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        lines = io.BytesIO()
        # strings are quoted and NULL is bare, so that '' and NULL stay apart
        options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
        pa_csv.write_csv(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), lines, options)
        statement = f"copy {quote(table)} ({quoted(frame.columns)}) from stdin (format csv)"
        with translated(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(lines.getbuffer())


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; the server's detail is left out, since it quotes values."""
    try:
        yield
    except psycopg.Error as error:
        reason = error.diag.message_primary or type(error).__name__
        if error.sqlstate in _GONE or (
            error.sqlstate is None and isinstance(error, psycopg.OperationalError)
        ):
            raise Unreachable(reason) from None
        raise SiteFailed(reason) from None


@lru_cache(maxsize=4096)
def _percent(sql: str) -> str:
    """``?`` as psycopg's ``%s``, and ``%`` doubled; text between quotes keeps its question marks."""
    parts = sql.replace("%", "%%").split("'")
    parts[::2] = [part.replace("?", "%s") for part in parts[::2]]
    return "'".join(parts)


def _parsed(lines: pa.Buffer, columns: Sequence[str]) -> pl.DataFrame:
    """CSV of the server as text columns: bare nothing is NULL, quoted nothing is ''."""
    if lines.size == 0:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    try:
        return _parsed_in_blocks(lines, columns, _BLOCK_BYTES)
    except pa.ArrowInvalid:
        # a single row larger than a block
        return _parsed_in_blocks(lines, columns, lines.size + 1)


def _parsed_in_blocks(lines: pa.Buffer, columns: Sequence[str], block: int) -> pl.DataFrame:
    table = pa_csv.read_csv(
        pa.BufferReader(lines),
        read_options=pa_csv.ReadOptions(column_names=list(columns), block_size=block),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.large_string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return pl.DataFrame(pl.from_arrow(table))
