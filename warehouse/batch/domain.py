"""What the tables allow of a value besides its kind: words of a list, nothing left empty that may not be (B9).

A site's own table may be looser than those of the sites that the row would be sent to, so it is judged at admission,
each time anew: the lists of a later version are others.
"""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.schema import Column, Schema
from warehouse.batch.late_references import Rows
from warehouse.frames import Outside

_SHOWN = 80
_NOTHING = "nothing, where something must be"


def outside_domain(rows: Rows, schema: Schema) -> FrameOf[Outside]:
    """The rows that say what their tables do not allow, and what that is; ``rows`` as in a batch."""
    found: list[pl.LazyFrame] = []
    for table, frames in sorted(rows.items()):
        columns = [column for column in schema.travelling(table) if column.name != "id"]
        wrong = [one for one in map(_wrong, columns) if one is not None]
        if wrong:
            outside = pl.concat_str(wrong, separator="; ", ignore_nulls=True)
            key = {"site_id": pl.col("from_site"), "table_name": pl.lit(table), "record_id": pl.col("id")}
            found += [frame.select(**key, outside=outside).filter(pl.col("outside") != "") for frame in frames]
    return Outside.check(pl.concat([Outside.empty(), *pl.collect_all(found)]))


def _wrong(column: Column) -> pl.Expr | None:
    """What is wrong with a cell, in words; null where nothing is. None where nothing can be."""
    value = pl.col(column.name)
    if column.words:
        said = pl.format("{}: {}", pl.lit(column.name), value.str.slice(0, _SHOWN))
        return pl.when(~value.is_in(list(column.words))).then(said)
    if column.is_required:
        return pl.when(value.is_null()).then(pl.lit(f"{column.name}: {_NOTHING}"))
    return None
