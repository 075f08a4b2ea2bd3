"""The home store of new patients and prescribers that nobody but their site can tell, before a pull reads (B33)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import collectable
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.own_edits.columns import empty_values, set_values
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.row_ids import visibility_ids
from sync_rules.schema import Schema
from sync_rules.table.ownership import SUBJECTS

_HOME, _PRESCRIPTION, _WRITTEN = "home_store_id", "prescription", "created_at"
_IS_OWN = pl.col("is_new").is_not_null() | pl.col("is_unknown").is_not_null()
"""Whom nobody but the site knows: what shows them there tells, too."""


@dataclass(frozen=True)
class _Places:
    """The stores that are active at the site, and those of them whose prescriptions stay there."""

    stores: frozenset[str]
    quiet: frozenset[str]


def fill_home_stores(
    db: SiteDatabase,
    schema: Schema,
    *,
    since: str | None,
    stores: Collection[str],
    quiet: Collection[str],
    unknown: Mapping[str, Collection[str]],
) -> int:
    """Write the home store of those who are new since the bookmark ``since``, or have a prescription that is, and name
    none, where central could not fill it from what leaves the site; return how many.

    ``unknown``: by table, those whom the site sent and central refused, as nobody could tell then: they are sent again
    with it. ``stores``: those active on the site, ``quiet``: those of them whose prescriptions do not leave it. Whom a
    store of the site made visible is at home in that one, else in the store of the last prescription, as central reads
    it too (B33); what makes people visible elsewhere is none of the site's and tells nothing. A home without letters is
    none. The site's own edit: logged, and read by the next pull. Without a bookmark (first contact) nothing is done,
    and no lock is taken where nobody is new. Raises SiteFailed as a pull does where the log is not the one that the
    bookmark is of.
    """
    if since is None or not stores:
        return 0
    earlier = Bookmark.of_text(since)
    with db.transaction(write=False):
        require_same_log(db, earlier, bookmark_now(db))
        is_any = any(unknown.values()) or _is_any_logged(db, earlier)
        here = collectable(db, schema).schema if is_any else schema
        subjects = [one for one in SUBJECTS if is_any and _is_kept(here, one)]
        places = _Places(frozenset(stores), frozenset(quiet))
        homes = {
            subject: _implied(db, here, subject, earlier, places, unknown.get(subject, ())) for subject in subjects
        }
    homes = {subject: found for subject, found in homes.items() if found.height}
    if homes:
        with db.transaction(write=True):
            require_capture(db, homes)
            for subject, found in homes.items():
                empty_values(db, subject, _HOME, found.filter("is_blank")["id"])
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


def _implied(
    db: SiteDatabase,
    here: Schema,
    subject: str,
    earlier: Bookmark,
    places: _Places,
    unknown: Collection[str],
) -> pl.DataFrame:
    """id, value, is_blank: the home of each one that is new or newly treated and that central cannot give one."""
    people = _with_facts(db, here, subject, _homeless(db, subject, earlier, unknown), places)
    found = people.with_columns(
        is_blank=pl.col("home").is_not_null(),
        value=pl.when(_IS_OWN).then(pl.coalesce("shown_here", "last")).otherwise("last"),
    )
    is_unknown = pl.col("is_unknown").is_not_null() & pl.col("is_new").is_null()
    lost = found.filter(pl.col("value").is_not_null() & (is_unknown | _is_central_lost(places.stores)))
    return lost.select("id", "value", "is_blank").sort("id")


def _with_facts(db: SiteDatabase, here: Schema, subject: str, people: pl.DataFrame, places: _Places) -> pl.DataFrame:
    """``people`` with what rows tell of them: shown_in (by the first), shown_here, is_seen, last (treated here), and
    is_quiet: no prescription of theirs leaves."""
    seen, used = _rows_about(db, here, subject, people["id"])
    shown = seen.filter(pl.col("row_id") != visibility_ids(seen.select("id", "store_id"))).sort("id", "row_id")
    is_here = pl.col("store_id").is_in(sorted(places.stores)).fill_null(value=False)
    is_quiet = pl.col("store_id").is_in(sorted(places.quiet)).fill_null(value=False)
    facts = (
        shown.group_by("id").agg(
            shown_in=pl.col("store_id").first(), shown_here=pl.col("store_id").filter(is_here).first()
        ),
        seen.filter(pl.col("store_id").is_not_null()).group_by("id").agg(is_seen=pl.lit(value=True)),
        used.group_by("id").agg(last=pl.col("store_id").filter(is_here).last(), is_quiet=is_quiet.all()),
    )
    for one in facts:
        people = people.join(one, on="id", how="left", maintain_order="left")
    return people


def _is_central_lost(stores: Collection[str]) -> pl.Expr:
    """Whether what leaves the site does not tell central where they are at home. Whom central may know already is not
    new here: of those nothing may tell but prescriptions that stay."""
    is_quiet = pl.col("is_quiet").fill_null(value=True)
    is_shown_here = pl.col("shown_in").is_in(sorted(stores)).fill_null(value=False)
    is_clear = pl.when(pl.col("shown_in").is_null()).then(~is_quiet).otherwise(is_shown_here)
    is_unseen = ~pl.col("is_blank") & pl.col("is_seen").is_null() & is_quiet
    return pl.when(pl.col("is_new").is_not_null()).then(pl.col("is_blank") | ~is_clear).otherwise(is_unseen)


def _homeless(db: SiteDatabase, subject: str, earlier: Bookmark, unknown: Collection[str]) -> pl.DataFrame:
    """id, home, is_new, is_unknown (or null) of those who are new, newly treated, or unknown, and name no home."""
    entries = earlier.entries_after(db)
    is_new, new = egress.rows_in_log(Leaving(subject, only_inserts=True), entries)
    is_written, written = egress.rows_in_log(Leaving(_PRESCRIPTION, only_inserts=True), entries)
    treated = f"select t.{subject}_id from {_PRESCRIPTION} as t where {is_written}"
    listed, ids = db.id_list(unknown)
    return db.read(
        f"select t.id, t.{_HOME} as home, case when {is_new} then 'x' end as is_new, "
        f"case when t.id in {listed} then 'x' end as is_unknown from {subject} as t "
        f"where ({is_new} or t.id in ({treated}) or t.id in {listed}) and (t.{_HOME} is null or t.{_HOME} = '')",
        (*new, *ids, *new, *written, *ids),
        columns=["id", "home", "is_new", "is_unknown"],
    )


def _rows_about(db: SiteDatabase, here: Schema, subject: str, people: pl.Series) -> list[pl.DataFrame]:
    """What makes ``people`` visible, and their prescriptions, the last one last: id of the person, row_id, store_id."""
    query, ids = db.id_list(people)
    found = []
    for table in (f"{subject}_store_join", _PRESCRIPTION):
        at = _WRITTEN if here.has(table, _WRITTEN) else "null"
        rows = db.read(
            f"select {subject}_id as id, id as row_id, store_id, {at} as written_at from {table} "
            f"where {subject}_id in {query}",
            ids,
            columns=["id", "row_id", "store_id", "written_at"],
        )
        found.append(rows.sort("written_at", "row_id", nulls_last=False))
    return found
