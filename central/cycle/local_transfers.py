"""What supplysync does at a site about transfers before a pull reads it: the other half of those between stores of the
site (X1), and halves that follow what their sender says since (X5)."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from central.cycle.known import Known
from central.project import Project
from sites.capture import identity
from sites.engines.connection import SiteDatabase
from sites.own_edits.transfers import respond
from sites.own_edits.transfers.settle import HalfRequests, settle_halves
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.table.parents import HEADER_OF
from sync_rules.topology.frames import Placement
from sync_rules.topology.switches import switched
from sync_rules.topology.topology import Site


def respond_at(
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


def settle_at(
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
