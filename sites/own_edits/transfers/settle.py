"""Responding halves that were sent and are not taken in follow the initiating ones: they are brought to what their
sender says since, or taken back for another store (X5, precision 4 of the spec)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import collectable
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import quote
from sites.own_edits.transfers.site_tables import dangling
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from sync_rules.transfers.frames import HalfRequest, HalfVersion
from sync_rules.transfers.versions import KEY, as_made, in_columns, line_rows, line_texts


@dataclass(frozen=True)
class HalfRequests:
    """What central asks of a site about responding halves there: ``requests``, and the ``versions`` of their lines that
    it gave them. A half whose header or lines are otherwise was taken in, and is left alone."""

    requests: FrameOf[HalfRequest]
    versions: FrameOf[HalfVersion]

    def only(self, requests: pl.DataFrame) -> HalfRequests:
        """The part of it that ``requests`` are."""
        versions = self.versions.join(requests, on=KEY, how="semi", maintain_order="left")
        return HalfRequests(HalfRequest.check(requests), HalfVersion.check(versions))


@dataclass(frozen=True)
class _Change:
    """What is to be done to the halves of one table: ``gone``: ids of headers; ``lines_gone``, ``lines``: ids of lines
    to delete, whole lines to write."""

    table: str
    gone: pl.Series
    lines_gone: pl.Series
    lines: pl.DataFrame

    @property
    def is_nothing(self) -> bool:
        """Whether the halves are as they should be."""
        return not (len(self.gone) or len(self.lines_gone) or self.lines.height)


def settle_halves(
    db: SiteDatabase, schema: Schema, asked: HalfRequests, *, since: str, stores: Collection[str]
) -> None:
    """Take back the halves that another store gets, and bring the others to their last version, where their stores,
    ``stores`` of the site, have not taken them in.

    In one transaction with the look at the half, and unmarked: the site's own edit, logged, and read by the pull that
    follows. Nothing is written where nothing is to be done. One half that the database refuses to part with keeps no
    other from its place; it stays as it is. Raises SiteFailed as a pull does where the log is not the one of ``since``.
    """
    own = asked.only(asked.requests.filter(pl.col("to_store").is_in(sorted(stores))))
    if own.requests.is_empty():
        return
    schema, own = _there(schema, collectable(db, schema).schema, own)
    if own.requests.is_empty():
        return
    with db.transaction(write=False):
        require_same_log(db, Bookmark.of_text(since), bookmark_now(db))
        if all(change.is_nothing for change in _changes(db, schema, own)):
            return
    require_capture(
        db, [one for table in own.requests["responding_table"].unique() for one in (table, f"{table}_line")]
    )
    if not _carry_out(db, schema, own):
        for one in own.requests.iter_slices(1):
            _carry_out(db, schema, own.only(one))


def _there(declared: Schema, here: Schema, asked: HalfRequests) -> tuple[Schema, HalfRequests]:
    """What the site has tables for, in the columns that it has: of the others it says nothing (precision 33)."""
    tables = {table for table in asked.requests["responding_table"] if {table, f"{table}_line"} <= here.tables.keys()}
    own = asked.only(asked.requests.filter(pl.col("responding_table").is_in(sorted(tables))))
    versions = [
        in_columns(of, str(table), declared, here)
        for (table,), of in own.versions.group_by("responding_table", maintain_order=True)
    ]
    return here, HalfRequests(own.requests, HalfVersion.check(pl.concat([HalfVersion.empty(), *versions])))


def _carry_out(db: SiteDatabase, schema: Schema, asked: HalfRequests) -> bool:
    """Whether the database takes it."""
    try:
        with db.transaction(write=True):
            for (table,), own in sorted(asked.requests.partition_by("responding_table", as_dict=True).items()):
                _lock(db, str(table), own["responding_id"])
            for change in _changes(db, schema, asked):
                _write(db, change)
    except SiteFailed:
        return False
    return True


def _lock(db: SiteDatabase, table: str, ids: pl.Series) -> None:
    """Keep people from taking a half in while it is looked at and changed: the header, and each of its lines."""
    halves, parameters = db.id_list(ids)
    db.lock_rows(table, (halves, parameters))
    line = f"{table}_line"
    db.lock_rows(line, (f"(select id from {quote(line)} where {quote(f'{table}_id')} in {halves})", parameters))


def _write(db: SiteDatabase, change: _Change) -> None:
    line = f"{change.table}_line"
    for table, ids in ((line, change.lines_gone), (change.table, change.gone)):
        if len(ids):
            query, parameters = db.id_list(ids)
            db.execute(f"delete from {quote(table)} where id in {query}", parameters)
    if change.lines.height:
        db.upsert_rows(line, change.lines)


def _changes(db: SiteDatabase, schema: Schema, asked: HalfRequests) -> list[_Change]:
    by_table = sorted(asked.requests.partition_by("responding_table", as_dict=True).items())
    return [_change(db, schema, str(table), own, asked.versions) for (table,), own in by_table]


def _change(
    db: SiteDatabase, schema: Schema, table: str, requests: pl.DataFrame, versions: FrameOf[HalfVersion]
) -> _Change:
    line, parent = f"{table}_line", f"{table}_id"
    query, parameters = db.id_list(requests["responding_id"])
    headers = egress.read_rows(db, schema, Leaving(table), (f"t.id in {query}", parameters)).typed
    asked = requests.select("responding_id", "is_recall", store_id="to_store", was_on_hold="is_on_hold")
    sound = as_made(headers.join(asked, left_on=["id", "store_id"], right_on=["responding_id", "store_id"]))
    lines = egress.read_rows(db, schema, Leaving(line), (f"t.{quote(parent)} in {query}", parameters)).typed
    halves = sound.select(pl.lit(table).alias("responding_table"), "is_recall", responding_id="id")
    now = line_texts(halves, {table: lines}, schema).join(halves, on=KEY)
    untouched = now.join(versions, on=[*KEY, "lines"], how="semi")
    gone = untouched.filter("is_recall")["responding_id"]
    last = versions.sort("version").unique(KEY, keep="last")
    amended = last.join(untouched.filter(~pl.col("is_recall")), on=KEY, suffix="_now")
    amended = amended.filter(pl.col("lines") != pl.col("lines_now"))
    wanted = line_rows(HalfVersion.take(amended), table, schema).select(schema.frame_schema(line).names())
    wanted = wanted.filter(~pl.col(parent).is_in(_lacking(db, schema, line, parent, wanted).implode()))
    emptied = amended.filter(pl.col("lines").list.len() == 0)["responding_id"]
    changed = pl.concat([wanted[parent].unique(), emptied])
    before = lines.filter(pl.col(parent).is_in(changed.implode()))
    stays = before.join(wanted, on="id", how="semi")["id"]
    lines_gone = lines.filter(pl.col(parent).is_in(pl.concat([gone, changed]).implode()))["id"]
    return _Change(table, gone, lines_gone.filter(~lines_gone.is_in(stays.implode())), wanted)


def _lacking(db: SiteDatabase, schema: Schema, line: str, parent: str, wanted: pl.DataFrame) -> pl.Series:
    """The ids of halves whose new lines refer to what is not here yet."""
    found = [pl.Series(parent, [], dtype=pl.String)]
    for key in schema.references:
        if key.table == line and key.column != parent:
            found.append(dangling(db, key, wanted)[parent])
    return pl.concat(found)
