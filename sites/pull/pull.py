"""Reading a site: what changed since the last time, net, in one snapshot (P2-P4, P9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.capture.answers import last_answer
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.identity import read_identity, require_identity
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition, quote
from sites.engines.values import printable_ids
from sites.frames import LogRecord
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from sync_rules.words import Op
from wire.frames import PulledChange
from wire.landed_pull import Pull


@dataclass(frozen=True)
class _Part:
    """The changes and the rows of one table."""

    table: str
    changes: pl.DataFrame
    rows: pl.DataFrame


def pull(
    db: SiteDatabase,
    *,
    identity_expected: tuple[int, str],
    since: str | None,
    schema: Schema,
    leaving: Mapping[str, Leaving],
    now: datetime,
) -> Pull:
    """Read what leaves the site and changed after the bookmark ``since``; all of it where that is None (P4).

    ``identity_expected`` is (site id, database uuid), an empty uuid expecting any. Tables not in
    ``leaving`` never leave (P3). Raises SiteFailed where capture is missing, the identity is
    another, or the database is older than the bookmark.
    """
    with db.transaction(write=False):
        require_capture(db, leaving)
        identity = require_identity(read_identity(db), identity_expected)
        here, answer = bookmark_now(db), last_answer(db)
        parts = _parts(db, since, here, schema, leaving)
    return Pull(
        identity=identity,
        cluster=here.cluster,
        since=since,
        bookmark=here.to_text(),
        pulled_at=now,
        applied_answer=answer,
        changes=_in_order(parts, is_snapshot=since is None),
        rows={part.table: part.rows for part in sorted(parts, key=lambda part: part.table) if part.rows.height},
    )


def _parts(
    db: SiteDatabase, since: str | None, here: Bookmark, schema: Schema, leaving: Mapping[str, Leaving]
) -> list[_Part]:
    """What leaves each table: all of it, or what changed since an earlier place in the same log."""
    if since is None:
        return list(_snapshot(db, schema, leaving))
    earlier = Bookmark.of_text(since)
    require_same_log(db, earlier, here)
    return list(_since(db, schema, leaving, earlier.entries_after(db)))


def _snapshot(db: SiteDatabase, schema: Schema, leaving: Mapping[str, Leaving]) -> Iterator[_Part]:
    """Every leaving row of every table, parents first."""
    filled = _filled(db, leaving)
    for table in schema.parents_first():
        if table in filled:
            found = egress.read_rows(db, schema, leaving[table])
            if found.typed.height:
                yield _part(table, found, _upserts(found.typed["id"], is_snapshot=True))


def _filled(db: SiteDatabase, tables: Iterable[str]) -> set[str]:
    """Those of the tables that have rows: most of a small site's have none, and one question finds out."""
    questions = (f"select '{table}' where exists (select 1 from {quote(table)})" for table in sorted(tables))
    asked = " union all ".join(questions)
    return {str(table) for (table,) in db.execute(asked)} if asked else set()


def _since(db: SiteDatabase, schema: Schema, leaving: Mapping[str, Leaving], entries: SqlCondition) -> Iterator[_Part]:
    """The net changes of each table that has any, and the rows that newly leave (P9)."""
    touched = records_in_log(db, entries)
    by_table = {
        str(name): frame
        for (name,), frame in (touched.partition_by("table_name", as_dict=True) if len(touched) else {}).items()
        if name in leaving
    }
    whole = {table for table, rule in leaving.items() if rule.whole or rule.is_unread}
    lines = {table: where for table, rule in leaving.items() if (where := _lines_too(rule, by_table, entries))}
    # newly leaving rows have no order of their own: parents first
    for table in schema.parents_first() if whole else sorted(by_table.keys() | lines.keys()):
        if table not in by_table.keys() | whole | lines.keys():
            continue
        rule = leaving[table]
        of_table = by_table.get(table, touched.clear())
        found = egress.read_rows(db, schema, rule, egress.rows_in_log(rule, entries)) if len(of_table) else None
        changes = _net(db, rule, entries, of_table, found.typed["id"] if found else pl.Series(dtype=pl.String))
        if table in lines:
            unnamed = egress.read_rows(db, schema, rule, lines[table])
            found = _together(found, unnamed)
            there = egress.present_lines(db, rule, lines[table])
            changes = pl.concat([changes, _with_documents(there, unnamed.typed["id"], rule, by_table, changes)])
        if table in whole:
            newly = None if rule.is_unread else egress.rows_of_owners(rule, rule.whole)
            grown = egress.read_rows(db, schema, rule, newly)
            found = _together(found, grown)
            new = grown.typed["id"].filter(~grown.typed["id"].is_in(changes["record_id"].implode()))
            changes = pl.concat([changes, _upserts(new, is_snapshot=True)])
        if found and len(changes):
            yield _part(table, found, changes)


def _lines_too(rule: Leaving, by_table: Mapping[str, pl.DataFrame], entries: SqlCondition) -> SqlCondition | None:
    """The condition for lines that leave, or stay, because of what their document, which the log names, became."""
    if not any(parent in by_table for _, parent in rule.path):
        return None
    return egress.lines_of_documents(rule, entries)


def _with_documents(
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
    )


def records_in_log(db: SiteDatabase, entries: SqlCondition) -> pl.DataFrame:
    """Each record in the log entries: table_name, record_id, first_op and last_op there, and position (the last)."""
    past, parameters = entries
    columns = ["seq", "table_name", "record_id", "op"]
    log = db.read(f"select {', '.join(columns)} from {CHANGE_LOG_TABLE} where {past}", parameters, columns=columns)
    if log.is_empty():
        return LogRecord.empty()
    return (
        log.with_columns(pl.col("seq").cast(pl.Int64), printable_ids(log["record_id"]))
        .sort("seq")
        .group_by("table_name", "record_id", maintain_order=True)
        .agg(
            pl.col("op").first().alias("first_op"),
            pl.col("op").last().alias("last_op"),
            pl.col("seq").last().alias("position"),
        )
    )


def _net(
    db: SiteDatabase, rule: Leaving, entries: SqlCondition, touched: pl.DataFrame, present: pl.Series
) -> pl.DataFrame:
    """Rows there now are upserts; others are deletes, unless they came and went within the entries (P2)."""
    is_present = pl.col("record_id").is_in(present.implode())
    upserts = touched.filter(is_present).with_columns(op=pl.lit(Op.UPSERT.value))
    gone = touched.filter(~is_present & (pl.col("first_op") != "I"))
    if rule.only_inserts:
        gone = gone.clear()
    if rule.only_deletes is not None:  # what a row that is gone said nobody can tell
        gone = gone.filter(pl.col("record_id").is_in(sorted(rule.only_deletes)))
    gone = gone.with_columns(op=pl.lit(Op.DELETE.value))
    if len(gone) and egress.is_filtered(rule):
        # rows that exist but stay here are no deletes
        kept = printable_ids(egress.present_ids(db, rule, egress.rows_in_log(rule, entries)))
        is_kept = pl.col("record_id").is_in(kept.implode())
        stays = gone.filter(is_kept).with_columns(op=pl.lit(Op.WITHDRAW.value))
        gone = pl.concat([gone.filter(~is_kept), stays if rule.may_turn else stays.clear()])
    net = pl.concat([upserts, gone])
    return net.select("record_id", "op", "position", pl.lit(False).alias("is_snapshot"))


def _upserts(ids: pl.Series, *, is_snapshot: bool) -> pl.DataFrame:
    return pl.DataFrame({"record_id": ids}).with_columns(
        op=pl.lit(Op.UPSERT.value),
        position=pl.lit(None, dtype=pl.Int64),
        is_snapshot=pl.lit(is_snapshot),
    )


def _together(first: egress.Rows | None, second: egress.Rows) -> egress.Rows:
    if first is None:
        return second
    return egress.Rows(
        pl.concat([first.typed, second.typed]).unique("id", keep="first").sort("id"),
        pl.concat([first.malformed, second.malformed]).unique("record_id", keep="first"),
    )


def _part(table: str, found: egress.Rows, changes: pl.DataFrame) -> _Part:
    described = changes.join(found.malformed, on="record_id", how="left", maintain_order="left")
    return _Part(table, described.with_columns(table_name=pl.lit(table)), found.typed)


def _in_order(parts: list[_Part], *, is_snapshot: bool) -> FrameOf[PulledChange]:
    """All changes by position; rows of a snapshot get theirs here, after the log's."""
    if not parts:
        return PulledChange.empty()
    changes = pl.concat([*(part.changes.select(PulledChange.names()) for part in parts)])
    if not is_snapshot:
        changes = changes.sort("position", nulls_last=True, maintain_order=True)
    last = pl.col("position").max().fill_null(0)
    number = last + pl.col("position").is_null().cum_sum().cast(pl.Int64)
    return PulledChange.check(changes.with_columns(position=pl.coalesce("position", number)))
