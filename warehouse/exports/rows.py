"""The rows of an export, read some at a time: what grows with the data is never whole in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from warehouse.connection import Connection, query, quote

CELLS_AT_ONCE = 60_000
"""So many cells of an export are in memory at once, and no more."""

Range = tuple[int, int]


@dataclass(frozen=True)
class ExportRows:
    """``shape`` is a frame without rows that has the columns; ``parts`` gives the ``height`` rows in their order, a
    frame of some of them after the other, anew each time that it is called."""

    shape: pl.DataFrame
    height: int
    parts: Callable[[], Iterator[pl.DataFrame]]


def rows_of_frame(frame: pl.DataFrame) -> ExportRows:
    """What is in memory already."""
    return ExportRows(frame.clear(), frame.height, lambda: frame.iter_slices(_at_once(frame)))


def rows_of_report(con: Connection, report: str, condition: str, values: Sequence[object]) -> ExportRows:
    """Those rows of a published report that a condition holds for, in the report's own order.

    Read by ranges of row numbers: DuckDB reads only the row groups that a range is in, and sorts no more than a range.
    """
    table = f"reports.{quote(report)}"
    shape = query(con, f"select * from {table} limit 0")
    size = _at_once(shape)
    found = con.execute(
        f"select rowid // {size:d} as part, count(*) from {table} where {condition} group by part order by part",
        list(values),
    ).fetchall()

    def parts() -> Iterator[pl.DataFrame]:
        for begin, end in _ranges(found, size):
            sql = f"select * from {table} where rowid >= {begin:d} and rowid < {end:d} and {condition} order by rowid"
            yield query(con, sql, values)

    return ExportRows(shape, sum(number for _, number in found), parts)


def rows_in_order(con: Connection, report: str, condition: str, values: Sequence[object], order: str) -> ExportRows:
    """Those rows in another order than the report's own: DuckDB sorts them, and spills what has no room."""
    table = f"reports.{quote(report)}"
    shape = query(con, f"select * from {table} limit 0")
    [(height,)] = con.execute(f"select count(*) from {table} where {condition}", list(values)).fetchall()
    size = _at_once(shape)

    def parts() -> Iterator[pl.DataFrame]:
        own = con.cursor()  # others read on this connection meanwhile
        try:
            sql = f"select * from {table} where {condition} order by {order}"
            for batch in own.sql(sql, params=list(values)).to_arrow_reader(size):
                yield pl.DataFrame(batch).cast(shape.schema)
        finally:
            own.close()

    return ExportRows(shape, int(height), parts)


def _at_once(frame: pl.DataFrame) -> int:
    return max(1, CELLS_AT_ONCE // max(1, frame.width))


def _ranges(found: Sequence[tuple[int, int]], size: int) -> Iterator[Range]:
    """Ranges of row numbers with up to ``size`` rows each: neighbours that have few rows are read as one."""
    begin = end = held = 0
    for part, number in found:
        if held and held + number > size:
            yield begin, end
            held = 0
        begin = begin if held else part * size
        end, held = (part + 1) * size, held + number
    if held:
        yield begin, end
