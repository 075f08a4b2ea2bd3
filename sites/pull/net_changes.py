"""The net changes of one table: what the log's entries and the rows that are there come to (P2, P9, B57, B59)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sites.capture.bookmark import Bookmark
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition
from sites.engines.values import printable_ids
from sites.frames import LogRecord, ReadEntry
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from sync_rules.words import Op
from wire.frames import LogEntry


def read_log(db: SiteDatabase, entries: SqlCondition) -> FrameOf[ReadEntry]:
    """The log entries, in their order."""
    past, parameters = entries
    columns = ReadEntry.names()
    asked = ", ".join([*columns[:-1], f"{db.stamp_sql} as stamp"])
    log = db.read(f"select {asked} from {CHANGE_LOG_TABLE} where {past}", parameters, columns=columns)
    if log.is_empty():
        return ReadEntry.empty()
    return ReadEntry.check(log.with_columns(pl.col("seq").cast(pl.Int64), printable_ids(log["record_id"])).sort("seq"))


def records_in_log(db: SiteDatabase, entries: SqlCondition) -> FrameOf[LogRecord]:
    """Each record in the log entries, and what was done to it first and last."""
    return records_of(read_log(db, entries))


def records_of(log: FrameOf[ReadEntry]) -> FrameOf[LogRecord]:
    """Each record that entries name, in the order of their first ones."""
    if log.is_empty():
        return LogRecord.empty()
    return LogRecord.check(
        log.group_by("table_name", "record_id", maintain_order=True).agg(
            pl.col("op").first().alias("first_op"),
            pl.col("op").last().alias("last_op"),
            pl.col("seq").first().alias("first"),
            pl.col("seq").last().alias("position"),
        )
    )


@dataclass(frozen=True)
class LogRead:
    """The entries that a pull reads: the condition for them, and they themselves. ``is_net``: what came and went within
    them is nothing (P2)."""

    condition: SqlCondition
    entries: FrameOf[ReadEntry]
    is_net: bool = True


def log_after(db: SiteDatabase, earlier: Bookmark, known: FrameOf[LogEntry] | None, *, is_net: bool = True) -> LogRead:
    """What the log has after an earlier place, without the entries ``known``, if any: those were read once (B50)."""
    condition = earlier.entries_after(db)
    entries = read_log(db, condition)
    if known is None:
        return LogRead(condition, entries, is_net)
    common = entries.join(known, on=LogEntry.names(), how="semi")["seq"]
    if common.is_empty():
        return LogRead(condition, entries, is_net)
    (past, parameters), (listed, more) = condition, db.number_list(common)
    left = ReadEntry.check(entries.filter(~pl.col("seq").is_in(common.implode())))
    return LogRead((f"({past}) and seq not in {listed}", (*parameters, *more)), left, is_net)


def net_changes(
    db: SiteDatabase, rule: Leaving, log: LogRead, touched: pl.DataFrame, present: pl.Series
) -> pl.DataFrame:
    """Rows there now are upserts; others are deletes, unless they came and went within the entries (P2)."""
    is_present = pl.col("record_id").is_in(present.implode())
    upserts = touched.filter(is_present).with_columns(op=pl.lit(Op.UPSERT.value))
    gone = touched.filter(~is_present & ((pl.col("first_op") != "I") | (not log.is_net)))
    if rule.only_inserts:
        gone = gone.clear()
    if rule.only_deletes is not None:  # what a row that is gone said nobody can tell
        gone = gone.filter(pl.col("record_id").is_in(sorted(rule.only_deletes)))
    gone = gone.with_columns(op=pl.lit(Op.DELETE.value))
    if len(gone) and egress.is_filtered(rule):
        # rows that exist but stay here are no deletes
        kept = egress.present_ids(db, rule, egress.rows_in_log(rule, log.condition))
        is_kept = pl.col("record_id").is_in(kept.implode())
        stays = gone.filter(is_kept).with_columns(op=pl.lit(Op.WITHDRAW.value))
        gone = pl.concat([gone.filter(~is_kept), stays if rule.may_turn else stays.clear()])
    net = pl.concat([upserts, gone])
    written_at = pl.when(pl.col("first_op") == "I").then("first").otherwise("position")
    return net.select("record_id", "op", "position", is_snapshot=pl.lit(False), written_at=written_at)


def with_documents(
    there: pl.DataFrame,
    leaving: pl.Series,
    rule: Leaving,
    by_table: Mapping[str, pl.DataFrame],
    changes: pl.DataFrame,
) -> pl.DataFrame:
    """The changes of lines that the log does not name (id, document), at the position of their document: those that
    leave (ids) are read whole, the others are withdrawn, unless their document is new."""
    ((_, parent),) = rule.path
    documents = by_table[parent].select("position", "first_op", document="record_id")
    unnamed = there.rename({"id": "record_id"}).join(changes, on="record_id", how="anti")
    placed = unnamed.join(documents, on="document", how="left", maintain_order="left")
    leaves = pl.col("record_id").is_in(leaving.implode())
    return placed.filter(leaves | (pl.col("first_op") != "I")).select(
        "record_id",
        pl.when(leaves).then(pl.lit(Op.UPSERT.value)).otherwise(pl.lit(Op.WITHDRAW.value)).alias("op"),
        "position",
        leaves.alias("is_snapshot"),
        written_at=pl.lit(None, dtype=pl.Int64),
    )


def whole_rows(
    db: SiteDatabase, schema: Schema, rule: Leaving, named: pl.Series, *, is_interrupted: bool
) -> tuple[egress.Rows, pl.DataFrame]:
    """The rows that are read whole, and the changes of those that are not ``named`` yet."""
    is_all = rule.is_unread or is_interrupted
    grown = egress.read_rows(db, schema, rule, None if is_all else egress.rows_of_owners(rule, rule.whole))
    leaving = grown.typed["id"]
    changes = upserts(leaving.filter(~leaving.is_in(named.implode())).rename("record_id"), is_snapshot=True)
    if is_interrupted and rule.may_turn:
        changes = pl.concat([changes, _stays(db, rule, leaving, named)])
    return grown, changes


def _stays(db: SiteDatabase, rule: Leaving, leaving: pl.Series, named: pl.Series) -> pl.DataFrame:
    """The rows that exist and do not leave, and are not ``named`` yet: they may have left before (B59)."""
    there = egress.present_ids(db, rule, ("t.id is not null", ()))
    stays = there.filter(~there.is_in(leaving.implode()) & ~there.is_in(named.implode()))
    return upserts(stays.rename("record_id"), is_snapshot=False).with_columns(op=pl.lit(Op.WITHDRAW.value))


def upserts(ids: pl.Series, *, is_snapshot: bool) -> pl.DataFrame:
    """The changes of rows that are there, whatever the log says of them."""
    return pl.DataFrame({"record_id": ids}).with_columns(
        op=pl.lit(Op.UPSERT.value),
        position=pl.lit(None, dtype=pl.Int64),
        is_snapshot=pl.lit(is_snapshot),
        written_at=pl.lit(None, dtype=pl.Int64),
    )
