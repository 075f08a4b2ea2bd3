"""Which rows of a change set must wait, because people edited them since the pull (B19)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.mentions import CHAINS, MERGE_TABLES
from sync_rules.schema import Schema
from sync_rules.words import Skip
from wire.frames import SkippedRow

EDITED = Skip.EDITED_SINCE_PULL
REFERENCED = Skip.STILL_REFERENCED


def disturbed_rows(
    upserts: Mapping[str, pl.DataFrame], deletes: pl.DataFrame, schema: Schema, edited: pl.DataFrame
) -> FrameOf[SkippedRow]:
    """Which rows of a change set have to wait, because of the records ``edited`` since the pull."""
    if edited.is_empty():
        return SkippedRow.empty()
    disturbance = Disturbance(schema, edited)
    found = [_edited(RecordKey.take(deletes.filter(disturbance.deletes(deletes))))]
    for table in sorted(schema.parents_first(), key=lambda table: table in MERGE_TABLES):
        if table in upserts:
            rows = upserts[table]
            ids = rows["id"].filter(disturbance.upserts(table, rows))
            found.append(_edited(ids.to_frame().select(pl.lit(table).alias("table_name"), record_id="id")))
    return SkippedRow.check(pl.concat(found))


def _edited(records: pl.DataFrame) -> FrameOf[SkippedRow]:
    return SkippedRow.check(records.with_columns(why=pl.lit(EDITED), said=pl.lit(None, pl.String)))


class Disturbance:
    """Which rows of a change set people's edits since the pull disturb, and which follow those.

    ``edited``: the records edited since (as ``net_changes.records_in_log``). An upsert that refers to a
    disturbed upsert, or to a row that was deleted at the site, is disturbed too: a line goes with its
    document. A delete is disturbed only by an edit of its own row; one that people deleted themselves
    is done already. A merge is disturbed with the record that it keeps: references can move only to
    one that is there. Ask for the tables' upserts parents first, and for merges last.
    """

    def __init__(self, schema: Schema, edited: pl.DataFrame) -> None:
        self._schema = schema
        self._edited = edited
        gone = edited.filter(pl.col("last_op") == "D")
        self._missing = {
            str(name): rows["record_id"] for (name,), rows in gone.partition_by("table_name", as_dict=True).items()
        }

    def upserts(self, table: str, rows: pl.DataFrame) -> pl.Series:
        """Which of the rows to write to ``table`` are disturbed, as booleans; dependents are remembered."""
        if self._edited.is_empty():
            return pl.Series([False], dtype=pl.Boolean).new_from_index(0, rows.height)
        own = self._edited.filter(pl.col("table_name") == table)["record_id"]
        is_disturbed = rows["id"].is_in(own.implode())
        while True:
            followers = is_disturbed | self._refers(table, rows)
            self._remember(table, rows["id"].filter(followers))
            if followers.sum() == is_disturbed.sum():
                return followers
            is_disturbed = followers

    def deletes(self, deletes: pl.DataFrame) -> pl.Series:
        """Which of the records to delete (table_name, record_id) are disturbed, as booleans."""
        edited = self._edited.filter(pl.col("last_op") != "D").select(
            "table_name", "record_id", pl.lit(True).alias("is_disturbed")
        )
        joined = deletes.join(edited, on=RECORD, how="left", maintain_order="left")
        return joined["is_disturbed"].fill_null(False)

    def _refers(self, table: str, rows: pl.DataFrame) -> pl.Series:
        """Which rows refer to one that is not there or will not be written."""
        refers = pl.Series([False], dtype=pl.Boolean).new_from_index(0, rows.height)
        for key in (*self._schema.references, *CHAINS):
            if key.table == table and key.parent in self._missing and key.column in rows.columns:
                refers |= rows[key.column].is_in(self._missing[key.parent].implode()).fill_null(False)
        return refers

    def _remember(self, table: str, ids: pl.Series) -> None:
        if len(ids):
            known = self._missing.get(table, ids.clear())
            self._missing[table] = pl.concat([known, ids]).unique()
