"""Pulling: each due site's changes, landed as files; one site never delays or fails another (P7).

Central and primary come first: their store records say what leaves the other sites (B4, T10).
Nothing here writes the warehouse: a cycle begins when its file is written, and a pull that no
cycle's file names never happened.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from central import cycle_file, decisions
from central.cycle.local_transfers import respond_at
from central.cycle_file import Cycle, Missed, Pulled
from central.progress import Tell
from central.progress import tell as tell_listeners
from central.project import Project, ProjectError, chosen_sites
from sites.capture import identity
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.own_edits import patient_visibility
from sites.pull import pull
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.file import parse
from sync_rules.topology.frames import Placement, StoreRecord
from sync_rules.topology.moves import moves
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site, Topology
from sync_rules.transfers.kinds import HEADERS
from sync_rules.words import StoreMode
from warehouse.connection import open_warehouse
from warehouse.ledger import transfers
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.decisions import last_decision
from warehouse.ledger.sites import KnownSite, known_sites
from warehouse.ledger.topology import topology_text
from warehouse.records import replicas
from wire import landed_pull
from wire.landed_pull import Pull

_WORKERS = 8


class TopologyMoved(ValueError):
    """topology.toml moves what changes hands; until plan and apply exist that is refused (B18)."""


class CycleOvertaken(RuntimeError):
    """Another cycle was admitted while this one was pulling."""


@dataclass(frozen=True)
class Known:
    """What the ledger holds when a cycle begins."""

    number: int
    sites: dict[int, KnownSite]
    stores: FrameOf[StoreRecord]
    preferences: frozenset[str]
    decision: int
    at_their_sites: pl.DataFrame


def pull_sites(
    project: Project,
    *,
    now: datetime,
    asked_by: str,
    only: Sequence[str] | None = None,
    tell: Tell = tell_listeners,
) -> Cycle:
    """Pulls the enabled sites (or those of ``only``, by code), lands what they sent, and writes the cycle's file.

    Raises TopologyMoved (B18), ProjectError for a code that is no site's.
    """
    known = _known(project)
    due = [site for site in chosen_sites(project, only) if site.is_enabled]
    pulled: dict[int, Pulled] = {}
    missed: dict[int, Missed] = {}
    for group in _groups(project.topology, due):
        blocked = _blocked(project.topology, known, pulled, group)
        if blocked:
            missed |= {site.id: Missed(site.id, "unreachable", blocked, now.isoformat()) for site in group}
            continue
        placed = placement(project.topology, _stores(project, known, pulled))
        for outcome in _pull_group(project, known, group, placed, now):
            if isinstance(outcome, Pulled):
                pulled[outcome.site_id] = outcome
            else:
                missed[outcome.site_id] = outcome
            tell(_said(project, outcome))
    cycle = Cycle(
        known.number + 1,
        now,
        project.topology_text,
        tuple(pulled[key] for key in sorted(pulled)),
        tuple(missed[key] for key in sorted(missed)),
        asked_by,
        decisions.after(project.pulls, known.decision),
    )
    with open_warehouse(project.warehouse, project.schema) as con:
        if last_cycle(con) != known.number:
            raise CycleOvertaken("another cycle ran meanwhile; nothing of this one was admitted: run it again")
        cycle_file.write(project.pulls, cycle)
    return cycle


def _known(project: Project) -> Known:
    with open_warehouse(project.warehouse, project.schema) as con:
        stores = replicas.stores(con)
        _refuse_moves(project, topology_text(con), stores)
        preferences = frozenset(replicas.every_row(con, "preference", project.schema)["id"])
        return Known(
            last_cycle(con),
            known_sites(con),
            stores,
            preferences,
            last_decision(con),
            transfers.at_their_sites(con),
        )


def refuse_moves(project: Project) -> None:
    """Raises TopologyMoved where topology.toml moves a recorded store, central or primary (B18)."""
    with open_warehouse(project.warehouse, project.schema) as con:
        _refuse_moves(project, topology_text(con), replicas.stores(con))


def _refuse_moves(project: Project, applied: str | None, stores: FrameOf[StoreRecord]) -> None:
    moved = moves(parse(applied), project.topology, set(stores["code"])) if applied else []
    if moved:
        listed = "; ".join(moved)
        raise TopologyMoved(
            f"topology.toml asks for moves, which this version cannot do yet; nothing was done: {listed}"
        )


def _groups(topology: Topology, due: Iterable[Site]) -> list[list[Site]]:
    """The site that keeps store records, then central and primary, then the others; empty groups left out."""
    first, second = {topology.store_records_id}, {topology.central_id, topology.primary_id}
    ranked = sorted(due, key=lambda site: site.id)
    groups = [
        [site for site in ranked if site.id in first],
        [site for site in ranked if site.id in second - first],
        [site for site in ranked if site.id not in first | second],
    ]
    return [group for group in groups if group]


def _blocked(topology: Topology, known: Known, pulled: dict[int, Pulled], group: Sequence[Site]) -> str | None:
    """B4: until central and primary have been pulled once, no other site is admitted."""
    needed = {topology.central_id, topology.primary_id, topology.store_records_id}
    if {site.id for site in group} <= needed:
        return None
    seen = set(pulled) | {key for key, site in known.sites.items() if site.bookmark is not None}
    absent = sorted(site.code for site in topology.sites if site.id in needed - seen)
    return f"waits for the first pull of {' and '.join(absent)}" if absent else None


def _stores(project: Project, known: Known, pulled: dict[int, Pulled]) -> FrameOf[StoreRecord]:
    """The store records as they will be: central's, with those just pulled from where they are edited."""
    one = pulled.get(project.topology.store_records_id)
    if one is None:
        return known.stores
    found = landed_pull.read(project.pulls / one.path)
    changed = found.changes.filter(pl.col("table_name") == STORE_RECORDS)
    rows = found.rows.get(STORE_RECORDS)
    kept = known.stores.join(changed.select(id="record_id"), on="id", how="anti")
    return StoreRecord.check(pl.concat([kept, StoreRecord.take(rows)]) if rows is not None else kept)


def _pull_group(
    project: Project, known: Known, group: Sequence[Site], placed: FrameOf[Placement], now: datetime
) -> Iterable[Pulled | Missed]:
    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(group))) as pool:
        yield from pool.map(lambda site: _pull_one(project, known, site, placed, now), group)


def _pull_one(project: Project, known: Known, site: Site, placed: FrameOf[Placement], now: datetime) -> Pulled | Missed:
    """One site's pull. Whatever goes wrong with the site is an outcome of this site alone (P7, B12)."""
    began = time.monotonic()
    started_at = datetime.now(UTC).isoformat()
    remembered = known.sites.get(site.id)
    try:
        with open_site(project.database_url(site), project.folder) as db:
            if site.id == project.topology.store_records_id:
                placed = placement(project.topology, _own_stores(db))
            stays = egress.withheld(placed)
            before = remembered.withheld if remembered and remembered.bookmark else stays
            since = remembered.bookmark if remembered else None
            expected = _identity(db, site, remembered)
            _show_new_patients(db, site, placed, expected, since)
            respond_at(project, db, site, placed, expected=expected, since=since, begun=known.at_their_sites, now=now)
            found = pull.pull(
                db,
                identity_expected=expected,
                since=since,
                schema=project.schema,
                leaving=egress.leaving(
                    stays,
                    before,
                    from_primary=site.id == project.topology.primary_id,
                    preferences=known.preferences,
                    parties=frozenset(placed["name_id"].drop_nulls()),
                    unread=_unread(remembered),
                ),
                now=now,
            )
            # what came between the two looks is seen now, and pulled next time
            if "patient" in found.rows:
                _show_new_patients(db, site, placed, expected, since)
            if found.rows.keys() & set(HEADERS):
                respond_at(
                    project, db, site, placed, expected=expected, since=since, begun=known.at_their_sites, now=now
                )
        _refuse_stranger(found, remembered)
        own = replace(found.identity, site_code=site.code)  # what the site calls itself names no folder of ours
        landed = landed_pull.land(replace(found, identity=own), project.pulls, cycle=known.number + 1)
    except Unreachable as error:
        return Missed(site.id, "unreachable", str(error), started_at)
    except (SiteFailed, ProjectError) as error:
        return Missed(site.id, "failed", str(error), started_at)
    except Exception as error:  # whatever a site's database holds, it is this site's failure alone (P7)
        return Missed(site.id, "failed", f"unexpected {type(error).__name__} while pulling", started_at)
    path = str(landed.relative_to(project.pulls))
    return Pulled(site.id, path, found.changes.height, round(time.monotonic() - began, 3), started_at)


def _show_new_patients(
    db: SiteDatabase, site: Site, placed: FrameOf[Placement], expected: tuple[int, str], since: str | None
) -> None:
    """New patients become visible in the site's other dispensaries, before their visibility is pulled (B24)."""
    active = placed.filter(pl.col("active_site") == site.id)
    dispensaries = active.filter(pl.col("mode") == str(StoreMode.DISPENSARY))
    if since is None or dispensaries.is_empty():
        return
    identity.require(identity.read_identity(db), expected)
    patient_visibility.show_new_patients(
        db, since=since, stores=active["store_id"].to_list(), dispensaries=dispensaries["store_id"].to_list()
    )


def _unread(remembered: KnownSite | None) -> frozenset[str]:
    """The tables that left the site by another rule, or not at all, when it was read last (P9)."""
    if remembered is None or remembered.leaves is None:
        return frozenset()
    return frozenset(table for table, rule in egress.signatures().items() if remembered.leaves.get(table) != rule)


def _own_stores(db: SiteDatabase) -> FrameOf[StoreRecord]:
    """The store records where they are edited: they say what leaves this very site before central knows them."""
    columns = StoreRecord.names()
    return StoreRecord.take(db.read(f"select {', '.join(columns)} from {STORE_RECORDS}", columns=columns))


def _identity(db: SiteDatabase, site: Site, remembered: KnownSite | None) -> tuple[int, str]:
    """The site id and database uuid that the database must have; a new site's database is claimed (T1, P6)."""
    if remembered and remembered.identity:
        return site.id, remembered.identity.database_uuid
    own = identity.read_identity(db) or identity.claim(db, site.id, site.code, database_uuid=str(uuid.uuid4()))
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


def _said(project: Project, outcome: Pulled | Missed) -> str:
    code = next(site.code for site in project.topology.sites if site.id == outcome.site_id)
    if isinstance(outcome, Pulled):
        return f"{code}: {outcome.rows} changes pulled in {outcome.seconds:.2f} s"
    return f"{code}: {outcome.outcome}: {outcome.error}"
