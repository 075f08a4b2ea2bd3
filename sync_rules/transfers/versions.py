"""The lines of responding halves as texts: equal texts are equal lines (precision 4 of the spec)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.row_texts import as_rows, as_text
from sync_rules.schema import Schema
from sync_rules.transfers.frames import HalfLines, HalfVersion, RespondingKey

KEY = RespondingKey.names()


def line_texts(halves: pl.DataFrame, lines: Mapping[str, pl.DataFrame], schema: Schema) -> FrameOf[HalfLines]:
    """The lines of ``halves`` (KEY), each as text, by id; an empty list where there are none. ``lines``: whole rows by
    the table of their document."""
    found: list[pl.DataFrame] = [HalfLines.empty()]
    for table, rows in sorted(lines.items()):
        texts = as_text(rows.sort("id"), schema.frame_schema(f"{table}_line"))
        grouped = texts.group_by(responding_id=f"{table}_id", maintain_order=True).agg(lines="json")
        found.append(HalfLines.take(grouped.with_columns(responding_table=pl.lit(table))))
    joined = halves.select(KEY).unique().join(pl.concat(found), on=KEY, how="left").sort(KEY)
    return HalfLines.check(joined.with_columns(pl.col("lines").fill_null([])))


def line_rows(halves: pl.DataFrame, table: str, schema: Schema) -> pl.DataFrame:
    """The lines of ``halves`` (HalfLines) of a table as whole rows, with the other columns of ``halves``."""
    own = halves.filter((pl.col("responding_table") == table) & (pl.col("lines").list.len() > 0))
    return as_rows(own.explode("lines"), "lines", schema.travelling(f"{table}_line"))


def in_columns(versions: pl.DataFrame, table: str, declared: Schema, here: Schema) -> FrameOf[HalfVersion]:
    """``versions`` (HalfVersion) of the halves of ``table`` with the columns of lines that ``here`` has of what is
    ``declared``."""
    line = f"{table}_line"
    if here.frame_schema(line) == declared.frame_schema(line):
        return HalfVersion.check(versions)
    key = [*KEY, "version"]
    texts = as_text(line_rows(versions, table, declared).sort("id"), here.frame_schema(line))
    lines = texts.group_by(key, maintain_order=True).agg(lines="json")
    found = versions.drop("lines").join(lines, on=key, how="left", maintain_order="left")
    return HalfVersion.take(found.with_columns(pl.col("lines").fill_null([])))


def as_made(headers: pl.DataFrame) -> pl.DataFrame:
    """Those of ``headers``, rows of one table with was_on_hold, that say what they said when they were made: nobody has
    taken them in, or put them on hold or off."""
    is_held = pl.col("on_hold").fill_null(False) if "on_hold" in headers.columns else pl.col("was_on_hold")
    return headers.filter((pl.col("status") == "new") & (is_held == pl.col("was_on_hold")))
