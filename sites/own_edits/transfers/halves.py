"""Responding halves of transfers where they arrive: their numbers, and the messages about them (section 8, B24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import polars as pl

from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.frames import HalfMessage, PresentNumber
from sites.own_edits.columns import set_values
from sites.own_edits.numbers import next_numbers, number_kinds
from sites.own_edits.rights import StoreRights
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import POLARS_TYPE, Kind, Schema
from sync_rules.transfers.kinds import HEADERS, KINDS, LOG_TABLE, NO_NUMBER
from sync_rules.transfers.messages import log_messages
from sync_rules.words import Skipped
from wire.change_set import ChangeSet

_STAGE = "supplysync_halves"


def halves_without_number(change_set: ChangeSet, rights: StoreRights) -> Mapping[str, pl.Series]:
    """The ids of the documents that come without a number to stores that are active here, by table."""
    found: dict[str, pl.Series] = {}
    for table in HEADERS if rights.stores else ():
        if table in change_set.upserts and "number" in (rows := change_set.upserts[table]).columns:
            asks = (pl.col("number") == NO_NUMBER) & pl.col("store_id").is_in(sorted(rights.stores))
            found[table] = rows.filter(asks)["id"]
    return {table: ids for table, ids in found.items() if len(ids)}


def present_numbers(db: SiteDatabase, halves: Mapping[str, pl.Series]) -> FrameOf[PresentNumber]:
    """Those documents that have a number here already, which they keep."""
    found: list[pl.DataFrame] = [PresentNumber.empty()]
    for table, ids in halves.items():
        db.stage(_STAGE, ids.alias("id").to_frame())
        rows = db.read(
            f"select id, number from {quote(table)} where number > 0 and id in (select id from {_STAGE})",
            columns=["id", "number"],
        )
        db.unstage(_STAGE)
        numbers = pl.col("number").cast(pl.Int64, strict=False)
        found.append(rows.select(pl.lit(table).alias("table_name"), pl.col("id").alias("record_id"), numbers))
    return PresentNumber.check(pl.concat(found).drop_nulls())


def number_halves(
    db: SiteDatabase,
    schema: Schema,
    halves: Mapping[str, pl.Series],
    *,
    present: pl.DataFrame,
    skipped: Iterable[Skipped],
    rights: StoreRights,
    now: datetime,
) -> None:
    """Give the documents that were written without a number the next one, or the one that they had before.

    ``present``: the numbers that they had, as ``present_numbers``. ``halves``: as ``halves_without_number``; those
    ``skipped`` were not written, and are left. A message about each initiating half is written once. Part of the
    caller's transaction, unmarked: the site's own edit.
    """
    if not halves:
        return
    require_capture(db, [*halves, LOG_TABLE])
    left = {(one.table_name, one.record_id) for one in skipped}
    written = {
        table: _rows(db, schema, table, ids.filter([(table, key) not in left for key in ids])).filter(
            (pl.col("number") == NO_NUMBER) & pl.col("store_id").is_in(sorted(rights.stores))
        )
        for table, ids in halves.items()
    }
    write_messages(db, schema, _set_numbers(db, written, _numbers(db, written, present)), now)


def _set_numbers(db: SiteDatabase, written: Mapping[str, pl.DataFrame], numbers: pl.DataFrame) -> pl.DataFrame:
    """Write the numbers into the documents; return those that name an initiating half, as ``write_messages`` wants."""
    arrived = []
    for table, rows in written.items():
        own = numbers.filter(pl.col("table_name") == table).select(id="record_id", value="number")
        set_values(db, table, "number", own, Kind.INTEGER)
        arrived.append(_arrived(table, rows.drop("number").join(own.rename({"value": "number"}), on="id")))
    return pl.concat(arrived)


def write_messages(db: SiteDatabase, schema: Schema, arrived: pl.DataFrame, now: datetime) -> None:
    """Write the log messages about initiating halves (as ``transfers.log_messages``) that are not there yet."""
    if arrived.is_empty():
        return
    require_capture(db, [LOG_TABLE])
    messages = log_messages(arrived, schema, now)
    db.stage(_STAGE, messages.select("id"))
    there = db.read(f"select id from {LOG_TABLE} where id in (select id from {_STAGE})", columns=["id"])
    db.unstage(_STAGE)
    db.insert_rows(LOG_TABLE, messages.join(there, on="id", how="anti", maintain_order="left"))


def _rows(db: SiteDatabase, schema: Schema, table: str, ids: pl.Series) -> pl.DataFrame:
    """The documents as they are here now."""
    db.stage(_STAGE, ids.alias("id").to_frame())
    found = egress.read_rows(db, schema, Leaving(table), (f"t.id in (select id from {_STAGE})", ()))
    db.unstage(_STAGE)
    return found.typed


def _numbers(db: SiteDatabase, written: Mapping[str, pl.DataFrame], present: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, number: the numbers that were present, and the next ones by time of making and id."""
    key = RECORD
    no_time = pl.lit(None, POLARS_TYPE[Kind.TIME]).alias("created_at")
    asked = pl.concat(
        [
            rows.select(
                pl.lit(table).alias("table_name"),
                pl.col("id").alias("record_id"),
                "store_id",
                number_kinds(table),
                pl.col("created_at") if "created_at" in rows.columns else no_time,
            )
            for table, rows in written.items()
        ]
    )
    kept = present.join(asked, on=key, how="semi")
    new = asked.join(kept, on=key, how="anti").drop_nulls("number_kind").sort("created_at", "record_id")
    return pl.concat([kept, next_numbers(db, new.drop("created_at")).select(*key, "number")])


def _arrived(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Of the numbered documents those that name an initiating half, as ``transfers.log_messages`` wants them."""
    found: list[pl.DataFrame] = [HalfMessage.empty()]
    for kind in KINDS:
        if kind.responding_table == table:
            is_half = pl.col(kind.back).is_not_null()
            if kind.responding_type:
                is_half &= pl.col("type") == kind.responding_type
            found.append(
                rows.filter(is_half).select(
                    kind=pl.lit(kind.name), record_id=kind.back, to_store="store_id", from_name="other_name_id",
                    number="number",
                )
            )  # fmt: skip
    return pl.concat(found)
