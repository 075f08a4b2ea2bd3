"""Responding halves of transfers where they arrive: their numbers, and the messages about them (section 8, B24)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.frames import DocumentNumber, HalfMessage
from sites.own_edits.columns import set_values
from sites.own_edits.numbers import next_numbers, number_kinds, numbers_that_come
from sites.own_edits.rights import StoreRights
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import POLARS_TYPE, Kind, Schema
from sync_rules.transfers.kinds import HEADERS, KINDS, LOG_TABLE, NO_NUMBER
from sync_rules.transfers.messages import log_messages

_STAGE = "supplysync_halves"


def halves_without_number(upserts: Mapping[str, pl.DataFrame], rights: StoreRights) -> Mapping[str, pl.DataFrame]:
    """The documents that come without a number to stores that are active here, by table."""
    found: dict[str, pl.DataFrame] = {}
    for table in HEADERS if rights.stores else ():
        if table in upserts and "number" in (rows := upserts[table]).columns:
            asks = (pl.col("number") == NO_NUMBER) & pl.col("store_id").is_in(sorted(rights.stores))
            found[table] = rows.filter(asks)
    return {table: rows for table, rows in found.items() if rows.height}


def numbers_of(
    db: SiteDatabase, halves: Mapping[str, pl.DataFrame], upserts: Mapping[str, pl.DataFrame]
) -> FrameOf[DocumentNumber]:
    """The numbers of the documents: those that they have here already, and the next ones by time of making and id, past
    those of what comes with them (``upserts``): documents of a site that was restored come back with theirs.

    Part of the caller's transaction, unmarked: the counters are the site's own.
    """
    present = _present_numbers(db, halves)
    no_time = pl.lit(None, POLARS_TYPE[Kind.TIME]).alias("created_at")
    asked = [
        rows.select(
            pl.lit(table).alias("table_name"),
            pl.col("id").alias("record_id"),
            "store_id",
            number_kinds(table),
            pl.col("created_at") if "created_at" in rows.columns else no_time,
        )
        for table, rows in halves.items()
    ]
    if not asked:
        return present
    new = (
        pl.concat(asked).join(present, on=RECORD, how="anti").drop_nulls("number_kind").sort("created_at", "record_id")
    )
    given = next_numbers(db, new.drop("created_at"), numbers_that_come(upserts))
    return DocumentNumber.check(pl.concat([present, given.select(DocumentNumber.names())]))


def with_numbers(upserts: Mapping[str, pl.DataFrame], numbers: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """The rows of the tables in which documents got ``numbers``, with these."""
    return {
        table: upserts[table]
        .join(_of_table(numbers, table), on="id", how="left", maintain_order="left")
        .with_columns(number=pl.coalesce("given", "number"))
        .drop("given")
        for table in numbers["table_name"].unique().sort()
    }


def log_numbers(
    db: SiteDatabase,
    schema: Schema,
    halves: Mapping[str, pl.DataFrame],
    numbers: pl.DataFrame,
    *,
    skipped: pl.DataFrame,
    now: datetime,
) -> None:
    """Say that the documents have their numbers: the number is an edit of the site's own, and a message about each
    initiating half is written once. Those ``skipped`` were not written, and are left; so are those that the site's
    program gave another number. Part of the caller's transaction, unmarked.
    """
    if not halves:
        return
    require_capture(db, halves)
    left = numbers.join(skipped, on=RECORD, how="anti")
    arrived: list[pl.DataFrame] = [HalfMessage.empty()]
    for table, rows in halves.items():
        own = _of_table(left, table)
        db.stage(_STAGE, own.select("id"))
        here = db.read(f"select id, number from {quote(table)} where id in (select id from {_STAGE})", columns=_NUMBER)
        db.unstage(_STAGE)
        here = here.with_columns(pl.col("number").cast(pl.Int64, strict=False))
        is_ours = pl.col("given") == pl.col("number")
        set_values(
            db, table, "number", own.join(here, on="id").filter(is_ours).select("id", value="given"), Kind.INTEGER
        )
        arrived.append(_arrived(table, rows.drop("number").join(here.drop_nulls(), on="id")))
    write_messages(db, schema, pl.concat(arrived), now)


_NUMBER = ["id", "number"]


def _of_table(numbers: pl.DataFrame, table: str) -> pl.DataFrame:
    return numbers.filter(pl.col("table_name") == table).select(id="record_id", given="number")


def _present_numbers(db: SiteDatabase, halves: Mapping[str, pl.DataFrame]) -> FrameOf[DocumentNumber]:
    """Those documents that have a number here already, which they keep."""
    found: list[pl.DataFrame] = [DocumentNumber.empty()]
    for table, documents in halves.items():
        db.stage(_STAGE, documents.select("id"))
        rows = db.read(
            f"select id, number from {quote(table)} where number > 0 and id in (select id from {_STAGE})",
            columns=_NUMBER,
        )
        db.unstage(_STAGE)
        numbers = pl.col("number").cast(pl.Int64, strict=False)
        found.append(rows.select(pl.lit(table).alias("table_name"), pl.col("id").alias("record_id"), numbers))
    return DocumentNumber.check(pl.concat(found).drop_nulls())


def write_messages(db: SiteDatabase, schema: Schema, arrived: pl.DataFrame, now: datetime) -> None:
    """Write the log messages about initiating halves (as ``transfers.log_messages``) that are not there yet, if the
    site has a place for them."""
    if arrived.is_empty() or LOG_TABLE not in schema.tables:
        return
    require_capture(db, [LOG_TABLE])
    messages = log_messages(arrived, schema, now)
    there = db.present_ids(LOG_TABLE, messages["id"])
    db.insert_rows(LOG_TABLE, messages.filter(~pl.col("id").is_in(there.implode())))


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
                    responding_id="id", number="number",
                )
            )  # fmt: skip
    return pl.concat(found)
