"""New patients become visible in the other dispensaries of their site, before a pull reads (B24, section 9)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import collectable
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition
from sites.frames import VisibleIn
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.row_ids import visibility_ids
from sync_rules.schema import Schema
from sync_rules.topology.frames import StoreKey

_PATIENT, _JOIN, _PREFERENCE = "patient", "patient_store_join", "store_preference"
_PRESCRIPTION = "prescription"
_STAGE = "supplysync_visible"
_NEW, _CHANGED = Leaving(_PATIENT, only_inserts=True), Leaving(_PATIENT)


def show_new_patients(
    db: SiteDatabase,
    schema: Schema,
    *,
    since: str | None,
    dispensaries: Collection[str],
    stores: Collection[str],
    unknown: Collection[str],
) -> int:
    """Make each patient that is new since the bookmark ``since`` visible in the dispensaries; return how often.

    So those of ``unknown`` who were changed since: the site sent them before, and central refused them.
    ``stores``: the stores active on the site; only patients whose home is one of them count.
    ``dispensaries``: those of them that serve patients; one whose preference says no is passed
    over, and so is the patient's home. The rows are the site's own edit: logged, and read by the
    next pull. Without a bookmark (first contact) nothing is done, and nothing is written, not
    even a lock taken, where nobody is new, or where the site has no place to say who is visible.
    Raises SiteFailed as a pull does where the log is not the one that the bookmark is of.
    """
    if since is None or not dispensaries or not stores:
        return 0
    earlier = Bookmark.of_text(since)
    with db.transaction(write=False):
        require_same_log(db, earlier, bookmark_now(db))
        if not _is_anybody_logged(db, earlier):
            return 0
        here = collectable(db, schema).schema
        if {_PATIENT, _JOIN} - here.tables.keys():
            return 0
        if _wanted(db, here, earlier, dispensaries, stores, unknown).is_empty():
            return 0
    with db.transaction(write=True):
        require_capture(db, [_JOIN])
        rows = _absent(db, _wanted(db, here, earlier, dispensaries, stores, unknown))
        db.insert_rows(_JOIN, rows)
    return rows.height


def _is_anybody_logged(db: SiteDatabase, earlier: Bookmark) -> bool:
    """Whether the log past ``earlier`` names a patient."""
    past, parameters = earlier.entries_after(db)
    named = f"select 1 from {CHANGE_LOG_TABLE} where {past} and table_name = ? limit 1"
    return bool(db.execute(named, (*parameters, _PATIENT)))


def _wanted(
    db: SiteDatabase,
    here: Schema,
    earlier: Bookmark,
    dispensaries: Collection[str],
    stores: Collection[str],
    unknown: Collection[str],
) -> pl.DataFrame:
    """The rows to add: id, patient_id, store_id.

    One that somebody took away again, or gave to another patient or store, is not made anew.
    """
    is_new, new = _are_new(db, earlier, unknown)
    homes = db.read(
        f"select t.id as patient_id, t.home_store_id as home from {_PATIENT} as t where {is_new}",
        new,
        columns=["patient_id", "home"],
    )
    if homes.is_empty():
        return VisibleIn.empty()
    seen, used = (_rows_of(db, here, table, (is_new, new)) for table in (_JOIN, _PRESCRIPTION))
    own = seen.filter(pl.col("id") != visibility_ids(seen.select("patient_id", "store_id")))
    pairs = (
        _with_homes(homes, own, used, stores)
        .join(_open_dispensaries(db, here, dispensaries), how="cross")
        .filter(pl.col("home") != pl.col("store_id"))
        .join(seen, on=["patient_id", "store_id"], how="anti")
        .select("patient_id", "store_id")
    )
    rows = pairs.select(visibility_ids(pairs), "patient_id", "store_id").sort("id")
    return _not_in_log(db, rows, earlier) if rows.height else rows


def _rows_of(db: SiteDatabase, here: Schema, table: str, are_new: SqlCondition) -> pl.DataFrame:
    """The rows of a table that name new patients and a store, as VisibleIn; none where it is not there."""
    if table not in here.tables:
        return VisibleIn.empty()
    columns, (is_new, new) = VisibleIn.names(), are_new
    some = f"select t.id from {_PATIENT} as t where {is_new}"
    return db.read(f"select {', '.join(columns)} from {table} where patient_id in ({some})", new, columns=columns)


def _are_new(db: SiteDatabase, earlier: Bookmark, unknown: Collection[str]) -> SqlCondition:
    """Which patients (``t``) central hears of for the first time, as far as it took them."""
    entries = earlier.entries_after(db)
    is_new, new = egress.rows_in_log(_NEW, entries)
    is_changed, changed = egress.rows_in_log(_CHANGED, entries)
    listed, ids = db.id_list(unknown)
    return f"({is_new} or ({is_changed} and t.id in {listed}))", (*new, *changed, *ids)


def _open_dispensaries(db: SiteDatabase, here: Schema, dispensaries: Collection[str]) -> FrameOf[StoreKey]:
    """The dispensaries but for those whose preference says that they show no new patients."""
    refused: set[str] = set()
    if here.has(_PREFERENCE, "show_new_patients"):
        refused |= set(db.read(f"select id from {_PREFERENCE} where show_new_patients is false", columns=["id"])["id"])
    return StoreKey.of((store,) for store in sorted(set(dispensaries) - refused))


def _not_in_log(db: SiteDatabase, rows: pl.DataFrame, earlier: Bookmark) -> pl.DataFrame:
    """Those of the rows that no entry of the log past ``earlier`` is about."""
    past, parameters = earlier.entries_after(db)
    edited = db.read(
        f"select record_id as id from {CHANGE_LOG_TABLE} where {past} and table_name = ?",
        (*parameters, _JOIN),
        columns=["id"],
    )
    return rows.join(edited, on="id", how="anti", maintain_order="left")


def _with_homes(homes: pl.DataFrame, own: pl.DataFrame, used: pl.DataFrame, stores: Collection[str]) -> pl.DataFrame:
    """patient_id, home of those whose home is one of ``stores``: as named, else where rows ``own`` of people made them
    visible, else where they were ``used`` by a prescription (B33)."""
    here = pl.col("store_id").is_in(sorted(stores))
    implied = pl.concat([own.filter(here).sort("id"), used.filter(here).sort("id")])
    first = implied.group_by("patient_id", maintain_order=True).agg(implied=pl.col("store_id").first())
    filled = homes.join(first, on="patient_id", how="left").with_columns(home=pl.coalesce("home", "implied"))
    return filled.filter(pl.col("home").is_in(sorted(stores))).select("patient_id", "home")


def _absent(db: SiteDatabase, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose id no row has, whatever that one names by now."""
    return rows.filter(~pl.col("id").is_in(db.present_ids(_JOIN, rows["id"]).implode()))
