"""One site's visit in a cycle: its own steps, its pull, landed as files (P7)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from central.cycle.local_transfers import respond_at, settle_at
from central.cycle_file import Missed, Pulled
from central.project import Project, ProjectError
from sites.capture import identity, notices, triggers
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.own_edits import patient_visibility
from sites.own_edits.transfers.settle import HalfRequests
from sites.pull import pull
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.frames import Placement, StoreRecord
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site
from sync_rules.transfers.kinds import HEADERS
from sync_rules.words import Outcome, SiteStatus, StoreMode
from warehouse.ledger.sites import KnownSite
from wire import landed_pull
from wire.landed_pull import Pull


@dataclass(frozen=True)
class Known:
    """What the ledger holds when a cycle begins; ``leaves``: the rules by which tables leave now; ``told``: what sites
    are told of themselves."""

    number: int
    sites: dict[int, KnownSite]
    stores: FrameOf[StoreRecord]
    preferences: frozenset[str]
    decision: int
    at_their_sites: pl.DataFrame
    not_begun: pl.DataFrame
    asked: HalfRequests
    leaves: Mapping[str, str]
    told: Mapping[int, SiteStatus]


def visit_site(
    project: Project, known: Known, site: Site, placed: FrameOf[Placement], now: datetime
) -> Pulled | Missed:
    """Pulls a site and lands what it sent. Whatever goes wrong with it is an outcome of this site alone (P7, B12)."""
    began = time.monotonic()
    started_at = datetime.now(UTC).isoformat()
    try:
        found = _read(project, known, site, placed, now)
        landed = landed_pull.land(found, project.pulls, cycle=known.number + 1)
    except Unreachable as error:
        return Missed(site.id, Outcome.UNREACHABLE, str(error), started_at)
    except (SiteFailed, ProjectError) as error:
        return Missed(site.id, Outcome.FAILED, str(error), started_at)
    except Exception as error:  # whatever a site's database holds, it is this site's failure alone (P7)
        return Missed(site.id, Outcome.FAILED, f"unexpected {type(error).__name__} while pulling", started_at)
    path = str(landed.relative_to(project.pulls))
    return Pulled(site.id, path, found.changes.height, round(time.monotonic() - began, 3), started_at)


def _read(project: Project, known: Known, site: Site, placed: FrameOf[Placement], now: datetime) -> Pull:
    """The site's own steps (B24, X1), and what changed there since the last pull."""
    remembered = known.sites.get(site.id)
    since = remembered.bookmark if remembered else None
    with open_site(project.database_url(site), project.folder) as db:
        if site.id == project.topology.store_records_id:
            placed = placement(project.topology, _own_stores(db))
        expected = _identity(project, db, site, remembered)
        notices.refresh_status(db, known.told.get(site.id), now)

        def respond() -> None:
            respond_at(project, db, site, placed, expected=expected, since=since, begun=known.at_their_sites,
                       not_begun=known.not_begun, now=now)  # fmt: skip

        _show_new_patients(db, site, placed, expected, since)
        settle_at(project, db, site, placed, expected=expected, since=since, asked=known.asked)
        respond()
        stays = egress.withheld(placed)
        leaving = _leaving(project, known, site, placed, stays)
        captured = remembered.capture if remembered else None
        found = pull.pull(db, identity_expected=expected, since=since, schema=project.schema, leaving=leaving, now=now,
                          captured=captured)  # fmt: skip
        # what came between the two looks is seen now, and pulled next time
        if "patient" in found.rows:
            _show_new_patients(db, site, placed, expected, since)
        if found.rows.keys() & set(HEADERS):
            respond()
    _refuse_stranger(found, remembered)
    own = replace(found.identity, site_code=site.code)  # what the site calls itself names no folder of ours
    return replace(found, identity=own, withheld=stays)


def _leaving(
    project: Project, known: Known, site: Site, placed: FrameOf[Placement], stays: egress.Withheld
) -> Mapping[str, egress.Leaving]:
    """Which rows leave the site, and which of them newly do: those are read whole (P3, P9)."""
    remembered = known.sites.get(site.id)
    return egress.leaving(
        stays,
        remembered.withheld if remembered and remembered.bookmark else stays,
        from_primary=site.id == project.topology.primary_id,
        preferences=known.preferences,
        parties=frozenset(placed["name_id"].drop_nulls()),
        unread=_unread(remembered, known.leaves),
        here=egress.stores_at(placed, site.id),
    )


def _show_new_patients(
    db: SiteDatabase, site: Site, placed: FrameOf[Placement], expected: tuple[int, str], since: str | None
) -> None:
    """New patients become visible in the site's other dispensaries, before their visibility is pulled (B24)."""
    active = placed.filter(pl.col("active_site") == site.id)
    dispensaries = active.filter(pl.col("mode") == str(StoreMode.DISPENSARY))
    if since is None or dispensaries.is_empty():
        return
    identity.require_identity(identity.read_identity(db), expected)
    patient_visibility.show_new_patients(
        db, since=since, stores=active["store_id"].to_list(), dispensaries=dispensaries["store_id"].to_list()
    )


def _unread(remembered: KnownSite | None, leaves: Mapping[str, str]) -> frozenset[str]:
    """The tables that left the site by another rule, or not at all, when it was read last (P9)."""
    if remembered is None or remembered.bookmark is None:
        return frozenset()
    return frozenset(table for table, rule in leaves.items() if remembered.leaves.get(table) != rule)


def _own_stores(db: SiteDatabase) -> FrameOf[StoreRecord]:
    """The store records where they are edited: they say what leaves this very site before central knows them."""
    columns = StoreRecord.names()
    return StoreRecord.take(db.read(f"select {', '.join(columns)} from {STORE_RECORDS}", columns=columns))


def _identity(project: Project, db: SiteDatabase, site: Site, remembered: KnownSite | None) -> tuple[int, str]:
    """The site id and database uuid that the database must have; a new site's database is claimed, once
    it is known to be one of ours (T1, P6)."""
    known, own = remembered.identity if remembered else None, identity.read_identity(db)
    if known or own:
        own = identity.require_identity(own, (site.id, known.database_uuid if known else ""))
    triggers.upgrade(db, project.schema)
    if own is None:
        triggers.require_installed(db, project.schema)
        own = identity.claim(db, site.id, site.code, database_uuid=str(uuid.uuid4()))
    return site.id, own.database_uuid


def _refuse_stranger(found: Pull, remembered: KnownSite | None) -> None:
    """P6: a clone, a wrong database or one restored from a backup is recognised before anything is admitted."""
    if remembered is None or remembered.identity is None:
        return
    if found.identity != replace(remembered.identity, site_code=found.identity.site_code):
        raise SiteFailed("identity refused: this is not the database that central knows as this site")
    if found.applied_number < remembered.change_set_number:
        raise SiteFailed(
            f"restored from a backup: the database holds change set {found.applied_number}, "
            f"but had applied {remembered.change_set_number}"
        )
