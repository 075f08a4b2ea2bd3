"""Rows of a SQLite file as text, and their checksums: SQLite has no hash, so whoever asks brings one (O6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sites.engines.canonical import added
from sites.engines.engine import Summed
from sites.engines.sql import SqlCondition, quote
from sites.engines.sqlite.errors import file_errors
from sites.engines.sqlite.statements import SqliteStatements
from sync_rules.frame import FrameOf
from sync_rules.row_texts import APART, NO_VALUE
from sync_rules.schema import Column, Kind
from wire.frames import RangeSum

_BATCH_ROWS = "65536"
_WHOLE_TIME = len("2026-11-29T06:00:00.000000Z")
_LONGEST_PARSED = len("2026-11-29T06:00:00.000Z")  # a longer fraction would be rounded


class SqliteCanonical(SqliteStatements):
    """What rows of a SQLite file are as text."""

    has_hash = False

    def canonical(self, table: str, columns: Sequence[Column]) -> str:
        """One text of the columns of row ``t``: values as SQLite prints them, times as delivery writes them."""
        return f" || char({APART}) || ".join(f"coalesce({_printed(column)}, char({NO_VALUE}))" for column in columns)

    def range_sums(self, texts: SqlCondition, bounds: Sequence[str], summed: Summed) -> FrameOf[RangeSum]:
        """Rows leave SQLite as columns of text, a batch at a time, and are summed by whoever asks."""
        borders = pl.Series(bounds, dtype=pl.String)
        return added([summed(batch.select(_place(batch["id"], borders), "text")) for batch in self._batches(texts)])

    def _batches(self, texts: SqlCondition) -> Iterator[pl.DataFrame]:
        sql, parameters = texts
        # a first row of blobs leaves the driver no type to guess, as in ``read``
        witnessed = "select x'00' as id, x'00' as text union all select cast(q.id as blob), cast(q.text as blob)"
        with file_errors(), self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _BATCH_ROWS})
            cursor.execute(f"{witnessed} from ({sql}) as q", tuple(parameters) or None)
            skipped = 1
            for batch in cursor.fetch_record_batch():
                frame = pl.DataFrame(pl.from_arrow(batch)).slice(skipped)
                skipped = 0
                if frame.height:
                    yield frame

    def ids_between(self, low: str | None, high: str | None) -> SqlCondition:
        """The condition for rows ``t`` whose ids are from ``low`` on and before ``high``."""
        asked = [(sign, bound) for sign, bound in ((">=", low), ("<", high)) if bound is not None]
        return " and ".join(f"t.id {sign} ?" for sign, _ in asked) or "true", tuple(bound for _, bound in asked)


def _printed(column: Column) -> str:
    name = f"t.{quote(column.name)}"
    if column.kind is not Kind.TIME:
        return name
    parsed = f"coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', {name}), {name})"
    is_usual = f"length({name}) = {_WHOLE_TIME} or length({name}) > {_LONGEST_PARSED}"
    return f"case when {is_usual} then {name} else {parsed} end"


def _place(ids: pl.Series, borders: pl.Series) -> pl.Series:
    """The range of each id; of one that is no text the first."""
    texts = ids.cast(pl.String, strict=False).fill_null("")
    return borders.search_sorted(texts, side="right").cast(pl.Int64).alias("place")
