"""Statements on PostgreSQL, through psycopg, and COPY for everything large."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.errors import Unreachable
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.postgresql.connection import Session
from sites.engines.postgresql.errors import server_errors
from sites.engines.sql import SqlCondition, quote, quote_all, upsert_statement

_LOCKING = "supplysync_locking"
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f+00"


class PostgresqlStatements(SiteDatabase):
    """What runs on a PostgreSQL server: statements, rows, transactions."""

    has_one_writer = False

    def __init__(self, connection: Session) -> None:
        self._connection = connection

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows."""
        with server_errors():
            if not parameters:
                cursor = self._connection.execute(sql.encode())
            else:
                cursor = self._connection.execute(_percent(sql).encode(), tuple(parameters))
            return cursor.fetchall() if cursor.description else []

    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text."""
        statement = f"copy ({sql}) to stdout (format csv)"
        lines = io.BytesIO()
        with server_errors(), self._connection.cursor() as cursor:
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
        incoming = _incoming(table)
        columns = quote_all(frame.columns)
        self.stage_rows(incoming, table, frame)
        # "where true" keeps the parser from reading "on conflict" as a join condition
        source = f"select {columns} from {quote(incoming)} where true"
        self.execute(upsert_statement(table, frame.columns, source))
        self.unstage(incoming)

    def update_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Write typed rows over those that have their ``id``."""
        others = [name for name in frame.columns if name != "id"]
        if others and frame.height:
            self.stage_rows(_incoming(table), table, frame)
            changes = ", ".join(f"{quote(name)} = r.{quote(name)}" for name in others)
            rows = quote(_incoming(table))
            self.execute(f"update {quote(table)} set {changes} from {rows} as r where r.id = {quote(table)}.id")
            self.unstage(_incoming(table))

    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table."""
        self.unstage(table)
        columns = ", ".join(f"{quote(name)} text" for name in frame.columns)
        self.execute(f"create temp table {quote(table)} ({columns}, primary key ({quote_all(frame.columns)}))")
        self._copy_in(table, frame)
        # the planner takes an unknown temporary table for a large one
        self.execute(f"analyze {quote(table)}")

    def stage_rows(self, name: str, table: str, frame: pl.DataFrame) -> None:
        """Put typed rows into a temporary table."""
        columns = quote_all(frame.columns)
        self.execute(f"create temp table {quote(name)} on commit drop as select {columns} from {quote(table)} limit 0")
        self._copy_in(name, frame)

    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""
        self.execute(f"drop table if exists pg_temp.{quote(table)}")

    def id_list(self, ids: Iterable[str]) -> SqlCondition:
        """The query that gives the ids."""
        return "(select json_array_elements_text(?::json))", (json.dumps(sorted(set(ids))),)

    def number_list(self, numbers: Iterable[int]) -> SqlCondition:
        """The query that gives the numbers."""
        return "(select value::bigint from json_array_elements_text(?::json))", (json.dumps(sorted(set(numbers))),)

    def whole_number(self, column: str) -> str:
        """The condition that an integer column holds an integer: nothing else gets in."""
        return "true"

    def _begin(self, *, write: bool) -> str:
        self._connection.is_writing = write
        return "begin isolation level read committed" if write else "begin isolation level repeatable read read only"

    def keep_out_writers(self) -> bool:
        """Lock the change log against all who write it; whoever did so has committed then."""
        self.execute(f"savepoint {_LOCKING}")
        try:
            self.execute(f"lock table {CHANGE_LOG_TABLE} in share row exclusive mode")
        except Unreachable:  # within the bound on waiting, somebody did not end; without a connection the next fails
            self.execute(f"rollback to savepoint {_LOCKING}")
            return False
        self.execute(f"release savepoint {_LOCKING}")
        return True

    def lock_rows(self, table: str, ids: SqlCondition) -> None:
        """Keep others from changing the rows until the transaction ends."""
        query, parameters = ids
        self.execute(f"select id from {quote(table)} where id in {query} order by id for update", parameters)

    def allow_later_parents(self) -> None:
        """Nothing is to be done: the rows are written by one statement, and looked at when it ends."""

    def mark_delivery(self, *, is_delivery: bool) -> None:
        """Set what the triggers ask for, local to the transaction."""
        self.execute("select set_config('supplysync.applying', ?, true)", ("1" if is_delivery else "",))

    def _copy_in(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        lines = io.BytesIO()
        # whatever is not a number is quoted and NULL is bare, so that '' and NULL stay apart
        frame.write_csv(lines, include_header=False, quote_style="non_numeric", datetime_format=_TIME_FORMAT)
        statement = f"copy {quote(table)} ({quote_all(frame.columns)}) from stdin (format csv)"
        with server_errors(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(lines.getvalue())


def _incoming(table: str) -> str:
    return f"supplysync_rows_{table}"[:63]


@lru_cache(maxsize=4096)
def _percent(sql: str) -> str:
    """``?`` as psycopg's ``%s``, and ``%`` doubled; text between quotes keeps its question marks."""
    parts = sql.replace("%", "%%").split("'")
    parts[::2] = [part.replace("?", "%s") for part in parts[::2]]
    return "'".join(parts)
