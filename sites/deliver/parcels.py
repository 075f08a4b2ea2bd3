"""A change set in parcels that are written or left out as one: documents with their lines, single records (A5, B19).

They are in an order in which each comes after those that its rows refer to, deletes last, so that the first so many of
them can stand at the site without the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from sites.deliver.portion import Portion
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.frames import InParcel, OfDocument, ParcelNeed
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.mentions import CHAINS
from sync_rules.schema import Reference
from sync_rules.table.parents import PARENT_COLUMN

_STAGE = "supplysync_parts"
_STEPS = 64  # more than tables refer to each other; a tree of one table may go deeper, and is one part then
_OF = "document_table"


@dataclass(frozen=True)
class Parcels:
    """The records of a change set by parcel, and what parcels need."""

    records: FrameOf[InParcel]
    needs: FrameOf[ParcelNeed]

    def count(self) -> int:
        """How many parcels there are."""
        return self.records["parcel"].n_unique()


def parcels_of(
    db: SiteDatabase, portion: Portion, order: Sequence[str], references: Sequence[Reference], handed: pl.DataFrame
) -> Parcels:
    """The parcels of ``portion``. ``order``: the tables, parents first; ``handed``: as ``hand_overs``: who hands a key
    to another is one with it."""
    placed = _placed(db, portion)
    edges = _edges(portion, references, placed)
    placed, edges = _joined(placed, edges, _pairs(handed, placed))
    placed, edges, levels = _levelled(placed, edges)
    rank = pl.DataFrame({"table_name": list(order), "rank": range(len(order))})
    ordered = (
        placed.join(rank, on="table_name", how="left")
        .join(levels, on="parcel", how="left")
        .group_by("parcel")
        .agg(pl.col("is_delete").all(), pl.col("level").max(), pl.col("rank").max())
        .sort("is_delete", "level", pl.when("is_delete").then(-pl.col("rank")).otherwise("rank"), "parcel")
        .select("parcel", number=pl.int_range(pl.len()))
    )
    numbers = ordered.rename({"parcel": "needed", "number": "needed_number"})
    return Parcels(
        InParcel.take(
            placed.join(ordered, on="parcel").select(*RECORD, "is_delete", parcel="number").sort("parcel", *RECORD)
        ),
        ParcelNeed.take(
            edges.join(ordered, on="parcel").join(numbers, on="needed").select(parcel="number", needed="needed_number")
        ),
    )


def _placed(db: SiteDatabase, portion: Portion) -> pl.DataFrame:
    """table_name, record_id, is_delete, parcel: each record in that of its document, or in its own."""
    keys = portion.keys()
    table = pl.when(pl.col("document").is_null()).then(pl.col("table_name")).otherwise(_OF)
    parcel = pl.concat_str(table, pl.coalesce("document", "record_id"), separator="/")
    return keys.join(_documents(db, portion), on=RECORD, how="left").select(*keys.columns, parcel=parcel)


def _documents(db: SiteDatabase, portion: Portion) -> FrameOf[OfDocument]:
    """The documents of the lines, of those that go too."""
    found: list[pl.DataFrame] = [OfDocument.empty()]
    for table, (column, parent) in sorted(PARENT_COLUMN.items()):
        lines = []
        if table in portion.upserts and column in (rows := portion.upserts[table]).columns:
            lines.append(rows.select(record_id="id", document=column))
        gone = portion.deletes.filter(pl.col("table_name") == table)["record_id"]
        if len(gone):
            db.stage(_STAGE, gone.to_frame())
            is_asked = f"id in (select record_id from {_STAGE})"
            sql = f"select id as record_id, {quote(column)} as document from {quote(table)} where {is_asked}"
            lines.append(db.read(sql, columns=["record_id", "document"]))
            db.unstage(_STAGE)
        found += [
            rows.select(pl.lit(table).alias("table_name"), "record_id", pl.lit(parent).alias(_OF), "document")
            for rows in lines
        ]
    return OfDocument.check(pl.concat(found).drop_nulls().unique(RECORD))


def _edges(portion: Portion, references: Sequence[Reference], placed: pl.DataFrame) -> pl.DataFrame:
    """parcel, needed: each parcel with those that its rows refer to."""
    upserts = placed.filter(~pl.col("is_delete"))
    found = [placed.select("parcel", needed="parcel").clear()]
    for key in sorted({*references, *CHAINS}, key=repr):
        if key.table in portion.upserts and key.parent in portion.upserts:
            rows = portion.upserts[key.table]
            if key.column in rows.columns:
                own = upserts.filter(pl.col("table_name") == key.table).select(id="record_id", parcel="parcel")
                parents = upserts.filter(pl.col("table_name") == key.parent)
                named = rows.select("id", parent=key.column).join(own, on="id")
                found.append(
                    named.join(parents.select(parent="record_id", needed="parcel"), on="parent").select(
                        "parcel", "needed"
                    )
                )
    return pl.concat(found).unique().filter(pl.col("parcel") != pl.col("needed"))


def _pairs(handed: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """parcel, needed: those that are one because a key goes from a row of one to a row of the other."""
    parcels = placed.select(*RECORD, "parcel")
    return (
        handed.join(parcels, left_on=["table_name", "taker"], right_on=RECORD)
        .join(parcels.rename({"parcel": "needed"}), left_on=["table_name", "holder"], right_on=RECORD)
        .select("parcel", "needed")
    )


def _joined(placed: pl.DataFrame, edges: pl.DataFrame, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same with the parcels of each of ``pairs`` made one."""
    both = pl.concat([pairs, pairs.select(parcel="needed", needed="parcel")])
    while both.height:
        least = both.group_by("parcel").agg(least=pl.col("needed").min()).filter(pl.col("least") < pl.col("parcel"))
        if least.is_empty():
            break
        placed, edges, both = (_renamed(frame, least) for frame in (placed, edges, both))
        both = both.unique().filter(pl.col("parcel") != pl.col("needed"))
    return placed, edges.unique().filter(pl.col("parcel") != pl.col("needed"))


def _renamed(frame: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    for column in ("parcel", "needed"):
        if column in frame.columns:
            frame = frame.join(names.rename({"parcel": column}), on=column, how="left").with_columns(
                pl.coalesce("least", column).alias(column)
            ).drop("least")  # fmt: skip
    return frame


def _levelled(placed: pl.DataFrame, edges: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The same, and parcel, level: above the levels of all that a parcel refers to. What goes round in a circle, or is
    too deep, is one parcel."""
    levels = placed.select("parcel").unique().with_columns(level=pl.lit(0))
    for _ in range(_STEPS):
        above = (
            edges.join(levels.rename({"parcel": "needed"}), on="needed")
            .group_by("parcel")
            .agg(above=pl.col("level").max() + 1)
        )
        raised = levels.join(above, on="parcel", how="left").select("parcel", level=pl.max_horizontal("level", "above"))
        if raised.sort("parcel").equals(levels.sort("parcel")):
            return placed, edges, levels
        levels = raised
    deep = levels.filter(pl.col("level") >= _STEPS).select("parcel", least=pl.col("parcel").min())
    placed, edges = _renamed(placed, deep), _renamed(edges, deep).filter(pl.col("parcel") != pl.col("needed"))
    levels = levels.join(deep, on="parcel", how="left").select(pl.coalesce("least", "parcel").alias("parcel"), "level")
    return placed, edges.unique(), levels.group_by("parcel").agg(pl.col("level").max())
