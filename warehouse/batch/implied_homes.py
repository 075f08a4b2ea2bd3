"""Where people without a home store are at home, as other rows of their site imply it (B33)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, MergedRecord
from sync_rules.row_ids import visibility_ids
from sync_rules.schema import Schema
from sync_rules.table.ownership import SUBJECTS
from warehouse.batch.landed_rows import Landed, pulled_changes, pulled_rows
from warehouse.batch.late_references import Rows, rewrite
from warehouse.frames import Claim, OfStore

IMPLYING = (*(f"{subject}_store_join" for subject in SUBJECTS), "prescription")
"""The tables whose rows imply where people are at home that have no home store (B33)."""


@dataclass(frozen=True)
class Beside:
    """The other parts of what sites sent, that is judged in parts; ``merged``: what their rows may still name."""

    pulls: Sequence[Landed]
    merged: FrameOf[MergedRecord]
    schema: Schema

    def rows(self, own: Rows) -> Rows:
        """The rows of all parts that imply homes, of one with ``own`` rows."""
        others = {table: frames for table, frames in pulled_rows(self.pulls, self.schema).items() if table in IMPLYING}
        mended = rewrite(others, self.merged, self.schema)[1]
        return {table: [*own.get(table, []), *mended.get(table, [])] for table in IMPLYING}

    def changes(self, own: pl.DataFrame) -> pl.DataFrame:
        """The changes of all parts, of one with its ``own``: site_id, table_name, record_id, position."""
        columns = [*CHANGE, "position"]
        return pl.concat([own.select(columns), pulled_changes(self.pulls).select(columns)])


def with_homes(claims: FrameOf[Claim], rows: Rows, changes: pl.DataFrame, beside: Beside) -> pl.DataFrame:
    """``claims`` with ``implied``: the home store of people without one, as the same site's rows imply it (B33),
    whatever part they are in.

    That of the first row that makes them visible, else that of the last prescription. ``changes``: those of the rows,
    with their positions.
    """
    is_homeless = pl.col("table_name").is_in(SUBJECTS) & pl.col("owner").is_null()
    if not claims.select(is_homeless.any()).item():
        return claims.with_columns(implied=pl.lit(None, pl.String))
    homeless = claims.filter(is_homeless).select(CHANGE)
    every, positions = beside.rows(rows), beside.changes(changes)
    implied = pl.concat([_implied(every, positions, homeless, subject) for subject in SUBJECTS])
    joined = claims.join(implied, on=CHANGE, how="left", maintain_order="left")
    return joined.with_columns(implied=pl.when(is_homeless).then("implied"))


def _implied(rows: Rows, positions: pl.DataFrame, homeless: pl.DataFrame, subject: str) -> pl.DataFrame:
    """site_id, table_name, record_id of people of one kind, and the store that rows of the site imply.

    Rows that were themselves made because a patient is new (B24) imply nothing.
    """
    column = f"{subject}_id"
    people = homeless.filter(pl.col("table_name") == subject).select(from_site="site_id", person="record_id")
    visible = _rows_of(rows, f"{subject}_store_join", column).join(people, on=["from_site", "person"], how="semi")
    visible = visible.filter(pl.col("id") != visibility_ids(visible.select("person", "store_id")))
    used = _rows_of(rows, "prescription", column).join(
        positions.filter(pl.col("table_name") == "prescription"),
        left_on=["from_site", "id"],
        right_on=["site_id", "record_id"],
    )
    first = (
        visible.sort("id").group_by("from_site", "person", maintain_order=True).agg(first=pl.col("store_id").first())
    )
    last = (
        used.sort("position").group_by("from_site", "person", maintain_order=True).agg(last=pl.col("store_id").last())
    )
    return first.join(last, on=["from_site", "person"], how="full", coalesce=True).select(
        site_id="from_site", table_name=pl.lit(subject), record_id="person", implied=pl.coalesce("first", "last")
    )


def _rows_of(rows: Rows, table: str, column: str) -> FrameOf[OfStore]:
    """The rows of a table that name a store and, in ``column``, somebody (``person``)."""
    frames = [frame.select("from_site", "id", "store_id", person=column) for frame in rows.get(table, [])]
    named = pl.concat([OfStore.empty(), *pl.collect_all(frames)])
    return OfStore.check(named.filter(pl.col("person").is_not_null() & pl.col("store_id").is_not_null()))
