"""Opening the warehouse, and bringing its schema up to date. The only module that opens its file with DuckDB.

DuckDB lets one process write a file and nobody else read it meanwhile, so the working warehouse is
private: whoever opens it waits for the other, and says so when the wait is over.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from sync_rules.schema import Schema
from warehouse.blank import put_blank
from warehouse.file_errors import snapshot_named, warehouse_named
from warehouse.identifiers import quote as quote
from warehouse.keeper import let_go, let_go_if_replaced, prolong
from warehouse.structure import complete, is_complete
from wire.file_errors import naming

Connection = duckdb.DuckDBPyConnection

_open: Counter[tuple[Path, int]] = Counter()
"""How often this process has a warehouse open, by place and schema: the first who opened it brought it up to date."""

_LENT = 10_000  # rows
_FEW = 100
_PLAIN = frozenset([pl.String(), pl.Int64(), pl.Int32(), pl.Boolean(), pl.List(pl.String())])
_small: dict[str, tuple[list[Any], pl.Schema]] = {}
"""The columns of queries that gave few rows of plain types, by their text."""


class WarehouseBusy(Exception):
    """Another process has the warehouse open for longer than we waited."""


@contextmanager
def open_warehouse(
    path: Path, schema: Schema, *, read_only: bool = False, wait_s: float = 60.0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse at ``path``, its schema up to date; waits up to ``wait_s`` seconds for its lock.

    Opening it again while this process has it open is cheap. Raises WarehouseBusy when another process keeps it,
    FileUnusable where DuckDB cannot open it, read it or write to it. Read-only fails where there is no file.
    """
    if not read_only:
        with naming(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
    if read_only:
        let_go(path)  # DuckDB opens a file in one way at a time
    else:
        let_go_if_replaced(path)
        put_blank(path, schema)
    with warehouse_named(path), _opened(path, schema, read_only, wait_s) as con:
        try:
            yield con
        finally:
            if not read_only:
                prolong(path, lambda: _opened(path, schema, read_only, 0))


@contextmanager
def _opened(path: Path, schema: Schema, read_only: bool, wait_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    con = _connect(path, read_only, wait_s)
    place = (path.resolve(), id(schema))
    try:
        if not _open[place]:  # whoever opens it after the first has its settings
            con.execute("set global TimeZone = 'UTC'")
            _spill_to(con, path.parent / "spill")
        if not read_only and not _open[place] and not is_complete(con, schema):
            with transaction(con):
                complete(con, schema)
        _open[place] += 0 if read_only else 1
        try:
            yield con
        finally:
            _open[place] -= 0 if read_only else 1
    finally:
        con.close()


def is_open(path: Path) -> bool:
    """Whether this process has the warehouse open."""
    return any(count for (place, _), count in _open.items() if place == path.resolve())


def _spill_to(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Where what has no room in memory goes. Once it is in use it cannot be set again, not even to the same."""
    if first(con, "select current_setting('temp_directory')") != (str(folder),):
        con.execute("set temp_directory = ?", [str(folder)])


@contextmanager
def read_only(path: Path, memory: str | None = None, spill: Path | None = None) -> Iterator[Connection]:
    """A file that nobody writes to any more: times in UTC, no other file can be read, no setting changed.

    With ``memory`` (as ``96MB``) DuckDB keeps no more than that, and works with one thread; what has no room goes to
    the folder ``spill``. Raises FileUnusable where DuckDB cannot open it.
    """
    with snapshot_named(path):
        con = duckdb.connect(str(path), read_only=True)
    try:
        # a process that has the file open already shares its settings, and they are these
        if first(con, "select current_setting('lock_configuration')") != (True,):
            con.execute("set global TimeZone = 'UTC'")  # for its cursors too
            if memory is not None:
                con.execute("set memory_limit = ?", [memory])
                con.execute("set threads = 1")
            if spill is not None:
                _spill_to(con, spill)
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
        yield con
    finally:
        con.close()


@contextmanager
def new_file(path: Path, memory: str) -> Iterator[Connection]:
    """A new file, to be written once; times in UTC. DuckDB keeps no more than ``memory`` (as ``96MB``), and spills to
    the file's folder."""
    with duckdb.connect(str(path), config={"memory_limit": memory, "threads": 2}) as con:
        con.execute("set global TimeZone = 'UTC'")
        con.execute("set temp_directory = ?", [str(path.parent / "spill")])
        yield con


def _connect(path: Path, read_only: bool, wait_s: float) -> duckdb.DuckDBPyConnection:
    deadline, delay = time.monotonic() + wait_s, 0.05
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise WarehouseBusy(
                    f"the warehouse `{path}` has been open in another process for more than {wait_s:.0f} s; "
                    "wait for the running cycle to end, or end that process"
                ) from error
        time.sleep(delay)
        delay = min(delay * 2, 1.0)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: committed at the end, rolled back when the body raises."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


@contextmanager
def rolled_back(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction that leaves nothing behind: what would follow is looked at inside."""
    con.execute("begin")
    try:
        yield
    finally:
        con.execute("rollback")


@contextmanager
def spilling(con: duckdb.DuckDBPyConnection, memory: str) -> Iterator[None]:
    """While the body runs, what takes more than ``memory`` (as ``1GB``) goes through the disk, if so much is free."""
    with suppress(duckdb.OutOfMemoryException):
        con.execute("set memory_limit = ?", [memory])
    try:
        yield
    finally:
        con.execute("reset memory_limit")  # what it said of itself was rounded


class _Lent:
    """A frame that DuckDB reads as long as it is lent: what is registered it keeps until the transaction ends."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, **frames: pl.DataFrame) -> Iterator[None]:
    """The frames as views of their names, for as long as the body runs. Those of many rows are let go then; they say
    not how many these are, which matters to plans of queries with few."""
    lent = {name: _Lent(frame) for name, frame in frames.items() if frame.height > _LENT}
    for name, frame in frames.items():
        con.register(name, lent.get(name, frame))
    try:
        yield
    finally:
        for name in frames:
            con.unregister(name)
        for one in lent.values():
            one.frame = pl.DataFrame()


def query(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
    """The rows of a query, which writes nothing, as a frame.

    Of one that gave few rows of plain types when it was asked last the rows are fetched one by one: for so few, Arrow
    takes longer than the query.
    """
    columns, schema = _small.pop(sql, ([], pl.Schema()))
    if columns:
        con.execute(sql, list(parameters))
        rows = con.fetchmany(_FEW + 1)
        if con.description == columns and len(rows) <= _FEW:
            _small[sql] = (columns, schema)
            return pl.DataFrame(rows, schema=schema, orient="row")
        con.abort()
    found = con.sql(sql, params=list(parameters))
    table = pl.from_arrow(found.to_arrow_table())
    frame = table if isinstance(table, pl.DataFrame) else table.to_frame()
    if frame.height <= _FEW and set(frame.dtypes) <= _PLAIN:
        _small[sql] = (found.description, frame.schema)
    return frame


def first(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """The first row of a query, or None. Reads to the end: a half-read result keeps the connection busy."""
    rows = con.execute(sql, list(parameters)).fetchall()
    return rows[0] if rows else None


def value(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> int:
    """The one number that a query gives; 0 where it gives no row."""
    row = first(con, sql, parameters)
    return int(row[0]) if row else 0
