"""New patients become visible in the other dispensaries of their site, before a pull reads (B24, section 9)."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import polars as pl

from sites import outgoing
from sites.bookmark import Bookmark, bookmark_now, require_later
from sites.capture import CHANGE_LOG_TABLE, require_captured
from sites.database import SiteDatabase
from sync_rules.words import Leaving

_PATIENT, _JOIN, _PREFERENCE = "patient", "patient_store_join", "store_preference"
_STAGE = "supplysync_visible"
_NEW = Leaving(_PATIENT, only_inserts=True)


def show_new_patients(
    db: SiteDatabase, *, since: str | None, dispensaries: Collection[str], stores: Collection[str]
) -> int:
    """Make each patient that is new since the bookmark ``since`` visible in the dispensaries; return how often.

    ``stores``: the stores active on the site; only patients whose home is one of them count.
    ``dispensaries``: those of them that serve patients; one whose preference says no is passed
    over, and so is the patient's home. The rows are the site's own edit: logged, and read by the
    next pull. Without a bookmark (first contact) nothing is done, and nothing is written, not
    even a lock taken, where nobody is new. Raises SiteFailed as a pull does where the log is not
    the one that the bookmark is of.
    """
    if since is None or not dispensaries or not stores:
        return 0
    earlier = Bookmark.of_text(since)
    with db.transaction(write=False):
        require_later(db, earlier, bookmark_now(db))
        if _wanted(db, earlier, dispensaries, stores).is_empty():
            return 0
    with db.transaction(write=True):
        require_captured(db, [_JOIN])
        rows = _absent(db, _wanted(db, earlier, dispensaries, stores))
        db.insert_rows(_JOIN, rows)
    return rows.height


def _wanted(
    db: SiteDatabase, earlier: Bookmark, dispensaries: Collection[str], stores: Collection[str]
) -> pl.DataFrame:
    """The rows to add: id, patient_id, store_id.

    One that somebody took away again, or gave to another patient or store, is not made anew.
    """
    entries = earlier.entries_after(db.engine)
    is_new, new = outgoing.logged(_NEW, entries)
    listed = ", ".join(["(cast(? as text))"] * len(dispensaries))
    homes = ", ".join("?" * len(stores))
    pairs = db.read(
        f"select t.id as patient_id, d.column1 as store_id from {_PATIENT} as t cross join (values {listed}) as d"
        f" where {is_new} and t.home_store_id in ({homes}) and t.home_store_id <> d.column1"
        f" and not exists (select 1 from {_PREFERENCE} as w where w.id = d.column1 and w.show_new_patients is false)"
        f" and not exists (select 1 from {_JOIN} as j where j.patient_id = t.id and j.store_id = d.column1)",
        (*sorted(dispensaries), *new, *sorted(stores)),
        columns=["patient_id", "store_id"],
    )
    rows = pairs.select(_ids(pairs), "patient_id", "store_id").sort("id")
    if rows.is_empty():
        return rows
    past, parameters = entries
    touched = db.read(
        f"select record_id as id from {CHANGE_LOG_TABLE} where {past} and table_name = ?",
        (*parameters, _JOIN),
        columns=["id"],
    )
    return rows.join(touched, on="id", how="anti", maintain_order="left")


def _absent(db: SiteDatabase, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose id no row has, whatever that one names by now."""
    db.stage(_STAGE, rows.select("id"))
    held = db.read(f"select id from {_JOIN} where id in (select id from {_STAGE})", columns=["id"])
    db.unstage(_STAGE)
    return rows.join(held, on="id", how="anti", maintain_order="left")


def _ids(pairs: pl.DataFrame) -> pl.Series:
    """Derived from what they are for, so that the same row is never made twice."""
    keys = [f"supplysync:{_JOIN}:{patient}:{store}" for patient, store in pairs.iter_rows()]
    return pl.Series("id", [str(uuid.uuid5(uuid.NAMESPACE_OID, key)) for key in keys], dtype=pl.String)
