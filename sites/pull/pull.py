"""Reading a site: what changed since the last time, net, in one snapshot (P2-P4, P9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.capture.answers import last_answer
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import Capture, Lacking, capture_now, collectable
from sites.capture.identity import read_identity, require_identity
from sites.capture.line import line_applied
from sites.capture.switches import written_before
from sites.engines.engine import SiteDatabase
from sites.pull.defaults import default_values
from sites.pull.net_changes import LogRead, log_after
from sites.pull.parts import TablePull, parts_of, rules_here
from sites.schema.presence import Presence
from sites.watch import Left, unwatched
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.schema import Schema
from sync_rules.words import Answer, Identity
from wire.frames import LogEntry, PulledChange
from wire.landed_pull import Appeared, Pull

NO_SWITCHES: Mapping[str, str] = {}


@dataclass(frozen=True)
class Beginning:
    """What a site says of itself before a row is read: who it is, the last change set that it answered, of which line;
    how it is captured, what of the tables is there, up to where its log goes, and from where on that is to be read."""

    identity: Identity
    answer: Answer | None
    line: str
    capture: Capture
    present: Presence
    here: Bookmark
    earlier: Bookmark | None


def pull(
    db: SiteDatabase, *, identity_expected: tuple[int, str], since: str | None, schema: Schema,
    leaving: Mapping[str, Leaving], now: datetime, captured: str | None = None,
    switched: Mapping[str, str] = NO_SWITCHES, left: Left = unwatched, again: FrameOf[LogEntry] | None = None,
    is_net: bool = True, if_nobodys: Identity | None = None,
) -> Pull:  # fmt: skip
    """Read what leaves the site and changed after the bookmark ``since``; all of it where that is None (P4).

    ``identity_expected`` is (site id, database uuid), an empty uuid expecting any. Tables not in ``leaving`` never
    leave (P3); nor do tables and columns that the site has not got, which are noted. ``captured``: how the tables were
    captured at the pull before; those that were not all the time since, and those of which columns are new, are read
    whole, to be compared with what central holds (B57), and so are tables that are new. ``switched``: the switches
    of procurement that are on for the site, by table (B37). ``left`` is told how far it is. ``again``: the site is let
    in again; these entries after the bookmark were read once and say nothing new, and without a bookmark all is
    compared (B50). ``is_net``: what came and went since is not told; else as a delete (precision 8). ``if_nobodys``:
    who the database counts as where no site has claimed it, as in a plan of letting it in.
    Raises SiteFailed where capture is missing, the identity is another, or the database is older than the bookmark.
    """
    with db.transaction(write=False):
        found = begin(db, identity_expected=identity_expected, since=since, schema=schema, tables=leaving,
                      if_nobodys=if_nobodys)  # fmt: skip
        earlier, here = found.earlier, found.present.schema
        appeared = found.capture.appeared_since(captured) if earlier else {}
        whole = _whole(found, captured, leaving, appeared, is_again=again is not None)
        log = log_after(db, earlier, again, is_net=is_net) if earlier else None
        parts = list(parts_of(db, here, rules_here(leaving, here, appeared), log, whole, left))
        early = written_before(db, _written(parts, switched), switched)
    changes = _in_order(parts, is_snapshot=since is None)
    return Pull(
        found.identity, found.here.cluster, since, found.here.to_text(), pulled_at=now, applied_answer=found.answer,
        changes=changes, log=_named(log, changes), is_net=is_net, applied_line=found.line,
        rows={part.table: part.rows for part in sorted(parts, key=lambda part: part.table) if part.rows.height},
        capture=found.capture.to_text(), compared=tuple(sorted(whole)), appeared=_given(db, schema, appeared),
        before_switches=early,
    )  # fmt: skip


def begin(
    db: SiteDatabase, *, identity_expected: tuple[int, str], since: str | None, schema: Schema, tables: Collection[str],
    if_nobodys: Identity | None = None,
) -> Beginning:  # fmt: skip
    """Whether ``tables`` can be read after ``since``: what a pull asks first, in its own snapshot. Raises SiteFailed as
    ``pull`` does."""
    identity = require_identity(read_identity(db) or if_nobodys, identity_expected)
    here, answer, present = bookmark_now(db), last_answer(db), collectable(db, schema)
    capture = capture_now(db, present, tables, cluster=here.cluster, declared=schema)
    earlier = Bookmark.of_text(since) if since else None
    here = require_same_log(db, earlier, here) if earlier else here
    return Beginning(identity, answer, line_applied(db), capture, present, here, earlier)


def _given(db: SiteDatabase, schema: Schema, appeared: Lacking) -> Appeared:
    """What has appeared, with what the database itself put into new columns."""
    return {
        table: None if columns is None else default_values(db, schema, table, columns)
        for table, columns in appeared.items()
    }


def _named(log: LogRead | None, changes: FrameOf[PulledChange]) -> FrameOf[LogEntry]:
    """The entries of the records that leave."""
    if log is None or log.entries.is_empty():
        return LogEntry.empty()
    return LogEntry.take(log.entries.join(changes, on=RECORD, how="semi"))


def _whole(
    found: Beginning, captured: str | None, leaving: Mapping[str, Leaving], appeared: Lacking, *, is_again: bool
) -> frozenset[str]:
    """The tables to be read whole and compared: those that were interrupted; all of a site that is let in again without
    a place to go on from."""
    if found.earlier:
        return _interrupted(found.capture, captured, leaving, appeared)
    return frozenset(found.capture.tables.keys() & leaving.keys()) if is_again else frozenset()


def _interrupted(
    capture: Capture, before: str | None, leaving: Mapping[str, Leaving], appeared: Lacking
) -> frozenset[str]:
    """The tables to be compared; at the first pull of a version that asks, also those of which rows may have stopped
    leaving without a word (B59). A table that is new tells nothing of what was deleted."""
    turned = {table for table, rule in leaving.items() if rule.may_turn} if before is None else set()
    widened = {table for table, columns in appeared.items() if columns is not None}
    new = appeared.keys() - widened
    return frozenset((capture.interrupted_since(before) | turned | widened) & capture.tables.keys() - new)


def _written(parts: list[TablePull], tables: Collection[str]) -> pl.DataFrame:
    """table_name, record_id, written_at of the changes of some tables."""
    columns = ["table_name", "record_id", "written_at"]
    found = [part.changes.select(columns) for part in parts if part.table in tables]
    return pl.concat(found) if found else RecordKey.empty().with_columns(written_at=pl.lit(None, pl.Int64))


def _in_order(parts: list[TablePull], *, is_snapshot: bool) -> FrameOf[PulledChange]:
    """All changes by position; rows of a snapshot get theirs here, after the log's."""
    if not parts:
        return PulledChange.empty()
    changes = pl.concat([*(part.changes.select(PulledChange.names()) for part in parts)])
    if not is_snapshot:
        changes = changes.sort("position", nulls_last=True, maintain_order=True)
    last = pl.col("position").max().fill_null(0)
    number = last + pl.col("position").is_null().cum_sum().cast(pl.Int64)
    return PulledChange.check(changes.with_columns(position=pl.coalesce("position", number)))
