"""Central's rows by ranges of keys: their checksums, and they themselves (O6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.row_texts import APART, CHECKSUM_MASK, NO_VALUE
from sync_rules.schema import Column, Kind
from warehouse.connection import Connection, query, quote, registered
from wire.frames import RangeSum

RANGE_ROWS = 4096
_FORMS = {
    Kind.DECIMAL: "rtrim(rtrim({0}::varchar, '0'), '.')",
    Kind.TIME: "strftime({0}, '%Y-%m-%dT%H:%M:%S.%fZ')",
    Kind.BOOLEAN: "{0}::integer::varchar",
}
"""The one text of a value, as the engines of sites have it; of other kinds it is what is printed."""
_SUMS = f"""
select place, count(*) as rows,
    (sum({{hash}}::hugeint & {CHECKSUM_MASK}) % {CHECKSUM_MASK + 1})::bigint as checksum
from ({{rows}})
group by place
order by place
"""
_MD5, _FAST = "('0x' || right(md5(text), 15))::bigint", "hash(text)"
"""What a server has too, and what costs next to nothing where nobody else has to work it out."""


@dataclass(frozen=True)
class Ranges:
    """A table of ``expected`` cut into ranges of ids: where they begin, but for the first."""

    table: str
    bounds: tuple[str, ...]


@contextmanager
def ranges_of(con: Connection, table: str) -> Iterator[Ranges]:
    """The table's ``expected`` records in ranges of 4096, which the temporary table ``ranged`` has by id while the body
    runs."""
    numbered = (
        f"select record_id as id, (row_number() over (order by record_id) - 1) // {RANGE_ROWS} as place "
        "from expected where table_name = ?"
    )
    con.execute(f"create or replace temp table ranged as {numbered}", [table])
    firsts = con.execute("select min(id) from ranged group by place having place > 0 order by place").fetchall()
    try:
        yield Ranges(table, tuple(first for (first,) in firsts))
    finally:
        con.execute("drop table if exists temp.ranged")


def central_sums(con: Connection, ranges: Ranges, columns: Sequence[Column], *, is_md5: bool) -> FrameOf[RangeSum]:
    """How many of central's rows each range has, and the sum of their checksums, by ``columns``: their MD5, or what
    ``sums_of_texts`` makes."""
    texts = ", ".join(_printed(column) for column in columns)
    rows = (
        f"select g.place, concat_ws(chr({APART}), {texts}) as text from replica.{quote(ranges.table)} as t "
        "join ranged as g on g.id = t.id"
    )
    return RangeSum.take(query(con, _SUMS.format(hash=_MD5 if is_md5 else _FAST, rows=rows)))


def sums_of_texts(con: Connection, texts: pl.DataFrame) -> FrameOf[RangeSum]:
    """The same of rows as text that an engine without a hash gave: place, text (bytes)."""
    with registered(con, texts=texts):
        return RangeSum.take(query(con, _SUMS.format(hash=_FAST, rows="select place, text from texts")))


def central_rows(con: Connection, table: str, columns: Sequence[Column], places: Sequence[int] | None) -> pl.DataFrame:
    """Central's rows of the ``expected`` records of a table, by id: all, or those in some ranges of ``ranged``."""
    names = ", ".join(f"t.{quote(column.name)}" for column in columns)
    rows = f"select {names} from replica.{quote(table)} as t"
    if places is None:
        chosen, asked = "t.id in (select record_id from expected where table_name = ?)", [table]
        return query(con, f"{rows} where {chosen} order by t.id", asked)
    chosen = "t.id in (select id from ranged where place in (select unnest(?::bigint[])))"
    return query(con, f"{rows} where {chosen} order by t.id", [list(places)])


def _printed(column: Column) -> str:
    text = _FORMS.get(column.kind, "{0}::varchar").format(f"t.{quote(column.name)}")
    return f"coalesce({text}, chr({NO_VALUE}))"
