"""Reading a site: what changed since the last time, net, in one snapshot (P2-P4, P9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from sites.capture.answers import last_answer
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import Capture, Lacking, capture_now, collectable
from sites.capture.identity import read_identity, require_identity
from sites.engines.engine import SiteDatabase
from sites.engines.sql import SqlCondition, quote
from sites.pull import egress
from sites.pull.defaults import default_values
from sites.pull.net_changes import net_changes, records_in_log, upserts, whole_rows, with_documents
from sites.schema.presence import Presence
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from sync_rules.words import Answer, Identity
from wire.frames import PulledChange
from wire.landed_pull import Appeared, Pull


@dataclass(frozen=True)
class Beginning:
    """What a site says of itself before a row is read: who it is, the last change set that it answered, how it is
    captured, what of the tables is there, up to where its log goes, and from where on that is to be read."""

    identity: Identity
    answer: Answer | None
    capture: Capture
    present: Presence
    here: Bookmark
    earlier: Bookmark | None


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
    captured: str | None = None,
) -> Pull:
    """Read what leaves the site and changed after the bookmark ``since``; all of it where that is None (P4).

    ``identity_expected`` is (site id, database uuid), an empty uuid expecting any. Tables not in ``leaving`` never
    leave (P3); nor do tables and columns that the site has not got, which are noted. ``captured``: how the tables were
    captured at the pull before; those that were not all the time since, and those of which columns are new, are read
    whole, to be compared with what central holds (B57), and so are tables that are new. Raises SiteFailed where capture
    is missing, the identity is another, or the database is older than the bookmark.
    """
    with db.transaction(write=False):
        found = begin(db, identity_expected=identity_expected, since=since, schema=schema, tables=leaving)
        earlier, here = found.earlier, found.present.schema
        appeared = found.capture.appeared_since(captured) if earlier else {}
        interrupted = _interrupted(found.capture, captured, leaving, appeared) if earlier else frozenset()
        parts = list(_parts(db, here, _collected(leaving, here, appeared), earlier, interrupted))
    return Pull(
        found.identity, found.here.cluster, since, found.here.to_text(), pulled_at=now, applied_answer=found.answer,
        changes=_in_order(parts, is_snapshot=since is None),
        rows={part.table: part.rows for part in sorted(parts, key=lambda part: part.table) if part.rows.height},
        capture=found.capture.to_text(),
        compared=tuple(sorted(interrupted)),
        appeared=_given(db, schema, appeared),
    )  # fmt: skip


def begin(
    db: SiteDatabase, *, identity_expected: tuple[int, str], since: str | None, schema: Schema, tables: Collection[str]
) -> Beginning:
    """Whether ``tables`` can be read after ``since``: what a pull asks first, in its own snapshot. Raises SiteFailed as
    ``pull`` does."""
    identity = require_identity(read_identity(db), identity_expected)
    here, answer, present = bookmark_now(db), last_answer(db), collectable(db, schema)
    capture = capture_now(db, present, tables, cluster=here.cluster, declared=schema)
    earlier = Bookmark.of_text(since) if since else None
    here = require_same_log(db, earlier, here) if earlier else here
    return Beginning(identity, answer, capture, present, here, earlier)


def _given(db: SiteDatabase, schema: Schema, appeared: Lacking) -> Appeared:
    """What has appeared, with what the database itself put into new columns."""
    return {
        table: None if columns is None else default_values(db, schema, table, columns)
        for table, columns in appeared.items()
    }


def _interrupted(
    capture: Capture, before: str | None, leaving: Mapping[str, Leaving], appeared: Lacking
) -> frozenset[str]:
    """The tables to be compared; at the first pull of a version that asks, also those of which rows may have stopped
    leaving without a word (B59). A table that is new tells nothing of what was deleted."""
    turned = {table for table, rule in leaving.items() if rule.may_turn} if before is None else set()
    widened = {table for table, columns in appeared.items() if columns is not None}
    new = appeared.keys() - widened
    return frozenset((capture.interrupted_since(before) | turned | widened) & capture.tables.keys() - new)


def _collected(leaving: Mapping[str, Leaving], schema: Schema, appeared: Lacking) -> Mapping[str, Leaving]:
    """The rules for the tables that are there; those that are new are read whole."""
    new = {table for table, columns in appeared.items() if columns is None}
    return {
        table: replace(rule, is_unread=True) if table in new else rule
        for table, rule in leaving.items()
        if table in schema.tables
    }


def _parts(
    db: SiteDatabase,
    schema: Schema,
    leaving: Mapping[str, Leaving],
    earlier: Bookmark | None,
    interrupted: Collection[str],
) -> Iterator[_Part]:
    """What leaves each table: all of it, or what changed since an earlier place in the same log."""
    if earlier is None:
        return _snapshot(db, schema, leaving)
    return _since(db, schema, leaving, earlier.entries_after(db), interrupted)


def _snapshot(db: SiteDatabase, schema: Schema, leaving: Mapping[str, Leaving]) -> Iterator[_Part]:
    """Every leaving row of every table, parents first."""
    filled = _filled(db, leaving)
    for table in schema.parents_first():
        if table in filled:
            found = egress.read_rows(db, schema, leaving[table])
            if found.typed.height:
                yield _part(table, found, upserts(found.typed["id"], is_snapshot=True))


def _filled(db: SiteDatabase, tables: Iterable[str]) -> set[str]:
    """Those of the tables that have rows: most of a small site's have none, and one question finds out."""
    questions = (f"select '{table}' where exists (select 1 from {quote(table)})" for table in sorted(tables))
    asked = " union all ".join(questions)
    return {str(table) for (table,) in db.execute(asked)} if asked else set()


def _since(
    db: SiteDatabase,
    schema: Schema,
    leaving: Mapping[str, Leaving],
    entries: SqlCondition,
    interrupted: Collection[str],
) -> Iterator[_Part]:
    """The net changes of each table that has any, lines that go or come with their document (B59), the rows that newly
    leave (P9), and all rows of those tables whose changes were not logged for a while (B57)."""
    touched = records_in_log(db, entries)
    by_table = _by_table(touched, leaving)
    whole = {table for table, rule in leaving.items() if rule.whole or rule.is_unread or table in interrupted}
    lines = {table: where for table, rule in leaving.items() if (where := _lines_too(rule, by_table, entries))}
    # newly leaving rows have no order of their own: parents first
    for table in schema.parents_first() if whole else sorted(by_table.keys() | lines.keys()):
        if table not in by_table.keys() | whole | lines.keys():
            continue
        rule = leaving[table]
        found, changes = _logged(db, schema, rule, entries, by_table.get(table, touched.clear()))
        if table in lines:
            unnamed = egress.read_rows(db, schema, rule, lines[table])
            found = _together(found, unnamed)
            there = egress.present_lines(db, rule, lines[table])
            changes = pl.concat([changes, with_documents(there, unnamed.typed["id"], rule, by_table, changes)])
        if table in whole:
            grown, more = whole_rows(db, schema, rule, changes["record_id"], is_interrupted=table in interrupted)
            found, changes = _together(found, grown), pl.concat([changes, more])
        if found and len(changes):
            yield _part(table, found, changes)


def _by_table(touched: pl.DataFrame, tables: Collection[str]) -> dict[str, pl.DataFrame]:
    parts = touched.partition_by("table_name", as_dict=True) if len(touched) else {}
    return {str(name): frame for (name,), frame in parts.items() if name in tables}


def _logged(
    db: SiteDatabase, schema: Schema, rule: Leaving, entries: SqlCondition, touched: pl.DataFrame
) -> tuple[egress.Rows | None, pl.DataFrame]:
    """The rows of the records that the log names, and what was done to them."""
    found = egress.read_rows(db, schema, rule, egress.rows_in_log(rule, entries)) if len(touched) else None
    present = found.typed["id"] if found else pl.Series(dtype=pl.String)
    return found, net_changes(db, rule, entries, touched, present)


def _lines_too(rule: Leaving, by_table: Mapping[str, pl.DataFrame], entries: SqlCondition) -> SqlCondition | None:
    """The condition for lines that leave, or stay, because of what their document, which the log names, became."""
    if not any(parent in by_table for _, parent in rule.path):
        return None
    return egress.lines_of_documents(rule, entries)


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
