"""What supplysync does at a site about transfers before a pull reads it: the other half of those between stores of the
site (X1), and halves that follow what their sender says since (X5)."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from central.project import Project
from sites.capture import identity
from sites.engines.connection import SiteDatabase
from sites.own_edits.transfers import respond
from sites.own_edits.transfers.settle import HalfRequests, settle_halves
from sync_rules import egress
from sync_rules.frame import FrameOf
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
    begun: pl.DataFrame,
    not_begun: pl.DataFrame,
    now: datetime,
) -> None:
    """Makes the responding halves that the site itself is to make. ``begun``: the keys and from_store of transfers that
    wait for their site; ``not_begun``: those, and to_store, of documents that begin by hand alone. Raises SiteFailed
    for another identity than ``expected``, before anything is written.
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
        named=begun.filter(is_ours) if begun.height else begun,
        not_begun=not_begun.filter(is_ours) if not_begun.height else not_begun,
        age_limit_months=project.topology.options.transfer_age_limit_months,
        schema=project.schema,
        now=now,
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
