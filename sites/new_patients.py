"""New patients become visible in the other dispensaries of their site, before a pull reads (B24, section 9)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sites import outgoing
from sites.bookmark import Bookmark, bookmark_now, require_later
from sites.capture import CHANGE_LOG_TABLE, require_captured
from sites.database import SiteDatabase
from sync_rules.derived import visibility_ids
from sync_rules.words import Leaving

_PATIENT, _JOIN, _PREFERENCE = "patient", "patient_store_join", "store_preference"
_PRESCRIPTION = "prescription"
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
    # a patient without a home store has that of the row that makes them visible, else of a prescription (B33)
    own = " union all ".join(
        f"select {rank} as rank, o.id, o.patient_id, o.store_id from {table} as o where o.store_id in ({homes})"
        for rank, table in enumerate((_JOIN, _PRESCRIPTION))
    )
    home = f"select o.store_id from ({own}) as o where o.patient_id = t.id order by o.rank, o.id limit 1"
    patients = f"select t.id, coalesce(t.home_store_id, ({home})) as home from {_PATIENT} as t where {is_new}"
    pairs = db.read(
        f"select t.id as patient_id, d.column1 as store_id from ({patients}) as t cross join (values {listed}) as d"
        f" where t.home in ({homes}) and t.home <> d.column1"
        f" and not exists (select 1 from {_PREFERENCE} as w where w.id = d.column1 and w.show_new_patients is false)"
        f" and not exists (select 1 from {_JOIN} as j where j.patient_id = t.id and j.store_id = d.column1)",
        (*sorted(stores), *sorted(stores), *new, *sorted(dispensaries), *sorted(stores)),
        columns=["patient_id", "store_id"],
    )
    rows = pairs.select(visibility_ids(pairs), "patient_id", "store_id").sort("id")
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
