"""What supplysync does at a site before a pull reads it: new patients get their homes and are shown (B24, B33), halves
of transfers between stores of the site are made (X1), and others follow what their sender says since (X5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from central.project import Project
from central.visits.known import Known
from sites.capture import identity
from sites.capture.bookmark import Bookmark, is_in_log
from sites.engines.connection import SiteDatabase
from sites.own_edits import home_stores, numbers, patient_visibility
from sites.own_edits.transfers import respond
from sites.own_edits.transfers.settle import HalfRequests, settle_halves
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.parents import HEADER_OF
from sync_rules.topology.frames import Placement
from sync_rules.topology.switches import switched
from sync_rules.topology.topology import Site
from sync_rules.transfers.kinds import HEADERS
from sync_rules.words import StoreMode
from warehouse.ledger.readmissions import OwedSteps
from warehouse.ledger.sites import KnownSite
from wire.landed_pull import Pull


def read_after_steps(
    project: Project,
    known: Known,
    db: SiteDatabase,
    site: Site,
    placed: FrameOf[Placement],
    expected: tuple[int, str],
    now: datetime,
    read: Callable[[], Pull],
) -> Pull:
    """What ``read`` pulls of the site once it took its own steps, and those steps again that are called for by what
    came meanwhile. Raises SiteFailed for another identity than ``expected``, before anything is written."""
    owed = known.owed.get(site.id)
    since = _steps_since(db, known.sites.get(site.id), owed)
    if owed is not None:
        identity.require_identity(identity.read_identity(db), expected)
        numbers.raise_counters(db, egress.stores_at(placed, site.id))

    def respond() -> None:
        _respond_at(project, db, site, placed, expected=expected, since=since, known=known, now=now)

    _show_new_patients(project, known, db, site, placed, expected, since)
    _settle_at(project, db, site, placed, expected=expected, since=since, asked=known.asked)
    respond()
    found = read()
    # what came between the two looks is seen now, and pulled next time
    if "patient" in found.rows:
        _show_new_patients(project, known, db, site, placed, expected, since)
    if found.rows.keys() & set(HEADERS):
        respond()
    return found


def _steps_since(db: SiteDatabase, remembered: KnownSite | None, owed: OwedSteps | None) -> str | None:
    """From which place of its log on the site's own steps are to be taken; None: from the beginning."""
    read = remembered.bookmark if remembered else None
    if owed is None:
        return read
    with db.transaction(write=False):
        kept = (one for one in owed.since if one is None or is_in_log(db, Bookmark.of_text(one)))
        return next(kept, read)


def _show_new_patients(
    project: Project,
    known: Known,
    db: SiteDatabase,
    site: Site,
    placed: FrameOf[Placement],
    expected: tuple[int, str],
    since: str | None,
) -> None:
    """New patients get the home that only the site can tell (B33) and become visible in its other dispensaries (B24),
    before they are pulled."""
    is_dispensary = (placed["active_site"] == site.id) & (placed["mode"] == str(StoreMode.DISPENSARY))
    if since is None:
        return
    here = egress.stores_at(placed, site.id)
    identity.require_identity(identity.read_identity(db), expected)
    quiet = egress.withheld(placed).of("prescription") & here
    refused = known.refused.filter(pl.col("site_id") == site.id)
    unknown = {one: refused.filter(pl.col("table_name") == one)["record_id"].to_list() for one in SUBJECTS}
    home_stores.fill_home_stores(db, project.schema, since=since, stores=here, quiet=quiet, unknown=unknown)
    patient_visibility.show_new_patients(
        db,
        project.schema,
        since=since,
        stores=here,
        dispensaries=placed["store_id"].filter(is_dispensary).to_list(),
        unknown=unknown["patient"],
    )


def _respond_at(
    project: Project,
    db: SiteDatabase,
    site: Site,
    placed: FrameOf[Placement],
    *,
    expected: tuple[int, str],
    since: str | None,
    known: Known,
    now: datetime,
) -> None:
    """Makes the responding halves that the site itself is to make, by what is ``known`` of transfers that wait for
    their site, of documents that begin by hand alone, and of those that central has not taken. Raises SiteFailed for
    another identity than ``expected``, before anything is written.
    """
    stores = sorted(egress.stores_at(placed, site.id))
    if not stores:
        return
    identity.require_identity(identity.read_identity(db), expected)
    is_primary = site.id == project.topology.primary_id
    is_ours = pl.lit(is_primary) | pl.col("from_store").is_in(stores)
    respond.respond_locally(
        db,
        since=since,
        stores=stores,
        is_primary=is_primary,
        named=known.at_their_sites.filter(is_ours),
        not_begun=known.not_begun.filter(is_ours),
        age_limit_months=project.topology.options.transfer_age_limit_months,
        schema=project.schema,
        now=now,
        refused=known.refused.filter(pl.col("site_id") == site.id).select(RECORD),
        judged_first=frozenset(switched(project.topology, site).keys() - HEADER_OF.keys()),
    )


def _settle_at(
    project: Project,
    db: SiteDatabase,
    site: Site,
    placed: FrameOf[Placement],
    *,
    expected: tuple[int, str],
    since: str | None,
    asked: HalfRequests,
) -> None:
    """Has the halves of the site's stores follow the initiating ones, where they are not taken in. Raises SiteFailed
    for another identity than ``expected``, before anything is written."""
    stores = sorted(egress.stores_at(placed, site.id))
    if since is None or asked.requests.is_empty() or not stores:
        return
    identity.require_identity(identity.read_identity(db), expected)
    settle_halves(db, project.schema, asked, since=since, stores=stores)
