"""The home store of new patients and prescribers that nobody but their site can tell, before a pull reads (B33)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import collectable
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.own_edits.columns import set_values
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.schema import Schema
from sync_rules.table.ownership import SUBJECTS

_HOME, _PRESCRIPTION, _WRITTEN = "home_store_id", "prescription", "created_at"


def fill_home_stores(db: SiteDatabase, schema: Schema, *, since: str | None, quiet: Collection[str]) -> int:
    """Write the home store of those who are new since the bookmark ``since``, or have a prescription that is, have no
    home, are made visible nowhere, and have prescriptions in stores ``quiet`` alone, which do not leave the site: of
    the last of these; return how many.

    What they are by else central sees, and fills by itself. The site's own edit: logged, and read by the next pull.
    Without a bookmark (first contact) nothing is done, and no lock is taken where nobody is new. Raises SiteFailed as a
    pull does where the log is not the one that the bookmark is of.
    """
    if since is None or not quiet:
        return 0
    earlier = Bookmark.of_text(since)
    with db.transaction(write=False):
        require_same_log(db, earlier, bookmark_now(db))
        is_any = _is_any_logged(db, earlier)
        here = collectable(db, schema).schema if is_any else schema
        subjects = [one for one in SUBJECTS if is_any and _is_kept(here, one)]
        homes = {subject: _implied(db, here, subject, earlier, quiet) for subject in subjects}
    homes = {subject: found for subject, found in homes.items() if found.height}
    if homes:
        with db.transaction(write=True):
            require_capture(db, homes)
            for subject, found in homes.items():
                set_values(db, subject, _HOME, found, only_empty=True)
    return sum(found.height for found in homes.values())


def _is_any_logged(db: SiteDatabase, earlier: Bookmark) -> bool:
    """Whether the log past ``earlier`` names people or prescriptions."""
    past, parameters = earlier.entries_after(db)
    tables = (*SUBJECTS, _PRESCRIPTION)
    marks = ", ".join("?" * len(tables))
    sql = f"select 1 from {CHANGE_LOG_TABLE} where {past} and table_name in ({marks}) limit 1"
    return bool(db.execute(sql, (*parameters, *tables)))


def _is_kept(here: Schema, subject: str) -> bool:
    return here.has(subject, _HOME) and {_PRESCRIPTION, f"{subject}_store_join"} <= here.tables.keys()


def _implied(db: SiteDatabase, here: Schema, subject: str, earlier: Bookmark, quiet: Collection[str]) -> pl.DataFrame:
    """id, value: the home of each one that is new or newly treated and that only prescriptions of ``quiet`` stores tell
    of."""
    entries = earlier.entries_after(db)
    is_new, new = egress.rows_in_log(Leaving(subject, only_inserts=True), entries)
    is_written, written = egress.rows_in_log(Leaving(_PRESCRIPTION, only_inserts=True), entries)
    treated = f"select t.{subject}_id from {_PRESCRIPTION} as t where {is_written}"
    written_at = f"p.{_WRITTEN}" if here.has(_PRESCRIPTION, _WRITTEN) else "null"
    used = db.read(
        f"select t.id, p.id as prescription_id, p.store_id, {written_at} as written_at "
        f"from {subject} as t join {_PRESCRIPTION} as p "
        f"on p.{subject}_id = t.id where ({is_new} or t.id in ({treated})) and t.{_HOME} is null and not exists "
        f"(select 1 from {subject}_store_join as j where j.{subject}_id = t.id)",
        (*new, *written),
        columns=["id", "prescription_id", "store_id", "written_at"],
    )
    is_quiet = pl.col("store_id").is_in(sorted(quiet)).fill_null(value=False).all().over("id")
    in_order = used.filter(is_quiet).sort("written_at", "prescription_id", nulls_last=False)
    last = in_order.unique("id", keep="last", maintain_order=True)
    return last.select("id", value="store_id").sort("id")
