"""Pulling: each due site's changes, landed as files; one site never delays or fails another (P7).

Central and primary come first: their store records say what leaves the other sites (B4, T10).
Nothing here writes the warehouse: a cycle begins when its file is written, and a pull that no
cycle's file names never happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime
from functools import partial

import polars as pl

from central import cycle_file, decisions
from central.cycle.catch_up import catch_up
from central.cycle_file import Cycle, Missed, Pulled
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.progress import Progress, Way
from central.project import Project, chosen_sites
from central.retention.bounds import due_prune
from central.server_line import required_line
from central.visits.known import Known, known_of
from central.visits.quiet_sites import QuietSites
from central.visits.visit import visit_site
from sync_rules.frame import FrameOf
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.frames import Placement, StoreRecord
from sync_rules.topology.placement import placement, recorded
from sync_rules.topology.topology import Site, Topology
from sync_rules.words import Outcome
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from wire import landed_pull
from wire.whole_files import flushing_at_once

_WORKERS = 8


class CycleOvertaken(RuntimeError):
    """Another cycle was admitted while this one was pulling."""


def pull_sites(
    project: Project,
    *,
    now: datetime,
    asked_by: str,
    only: Sequence[str] | None = None,
) -> Cycle:
    """Pulls the enabled sites (or those of ``only``, by code), lands what they sent, and writes the cycle's file.

    What is kept of cycles that the ledger does not know is admitted first. Raises ProjectError for a code that is no
    site's, CannotCatchUp, FileUnusable for a file of central's own, ServerSuperseded where a site has met a server that
    was restored from a backup of this one.
    """
    project, known = _known(project, now)
    outcomes: list[Pulled | Missed] = []
    sites = [site for site in chosen_sites(project, only) if site.is_enabled]
    progress = Progress(Way.IN, {site.id: site.code for site in sites})
    for group in _groups(project.topology, sites):
        pulled = {one.site_id: one for one in outcomes if isinstance(one, Pulled)}
        blocked = _blocked(project.topology, known, pulled, group)
        if blocked:
            outcomes += [_blocked_site(site, blocked, progress, now) for site in group]
            continue
        placed = placement(project.topology, _stores(project, known, pulled))
        outcomes += _pull_group(project, known, group, placed, progress, now)
    progress.close()
    cycle = _cycle(project, known, outcomes, now=now, asked_by=asked_by)
    with open_warehouse(project.warehouse, project.schema) as con:
        if last_cycle(con) != known.number:
            raise CycleOvertaken("another cycle ran meanwhile; nothing of this one was admitted: run it again")
        cycle_file.write(project.pulls, cycle)
    return cycle


def _cycle(
    project: Project, known: Known, outcomes: Sequence[Pulled | Missed], *, now: datetime, asked_by: str
) -> Cycle:
    """The cycle that these outcomes make, by site."""
    by_site = sorted(outcomes, key=lambda outcome: outcome.site_id)
    return Cycle(
        known.number + 1,
        now,
        project.topology_text,
        tuple(one for one in by_site if isinstance(one, Pulled)),
        tuple(one for one in by_site if isinstance(one, Missed)),
        asked_by,
        decisions.after(project.pulls, known.decision),
        leaves=known.leaves,
        line=known.line,
        waits_for_apply=project.waits_for_apply is not None,
        prune=known.due.own,
    )


def _known(project: Project, now: datetime) -> tuple[Project, Known]:
    """The project with the moves that are under way and the sites that are paused, what central knows, and what is to
    be forgotten."""
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        required_line(con, project)
        known = replace(known_of(con, project), due=due_prune(con, project, now))
        return with_pauses(con, with_moves(con, project)), known


def prepare(project: Project) -> None:
    """Brings central's own place to where its files are. Raises CannotCatchUp or FileUnusable where that cannot be."""
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)


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
    needed = {topology.central_id, topology.primary_id, topology.store_records_id} - {0}  # nobody's, on its way
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
    found = landed_pull.read_pull(project.pulls / one.path)
    changed = found.changes.filter(pl.col("table_name") == STORE_RECORDS)
    rows = found.rows.get(STORE_RECORDS)
    kept = known.stores.join(changed.select(id="record_id"), on="id", how="anti")
    return StoreRecord.check(pl.concat([kept, recorded(rows, known.stores)]) if rows is not None else kept)


def _blocked_site(site: Site, why: str, progress: Progress, now: datetime) -> Missed:
    progress.ended(site.id, 0, f"{Outcome.BLOCKED}: {why}")
    return Missed(site.id, Outcome.BLOCKED, why, now.isoformat())


def _pull_group(
    project: Project,
    known: Known,
    group: Sequence[Site],
    placed: FrameOf[Placement],
    progress: Progress,
    now: datetime,
) -> Iterable[Pulled | Missed]:
    quiet, visit = QuietSites(project, known, placed, group), partial(visit_site, project, known)
    with flushing_at_once(len(group)), ThreadPoolExecutor(max_workers=min(_WORKERS, len(group))) as pool:
        unopened = list(quiet.land_again(now))
        for outcome in unopened:
            _ended(progress, outcome)
        yield from unopened
        said = {one.site_id for one in unopened}
        visited = {site.id: site for site in group if site.id not in said}
        jobs = [
            pool.submit(
                copy_context().run, visit, site, placed, now, partial(progress.left, key), partial(quiet.told, key)
            )
            for key, site in visited.items()
        ]
        for job in progress.each_as_it_ends(jobs):
            outcome = job.result()
            _ended(progress, outcome)
            quiet.remember(visited[outcome.site_id], outcome)
            yield outcome
    quiet.keep()


def _ended(progress: Progress, outcome: Pulled | Missed) -> None:
    trouble = None if isinstance(outcome, Pulled) else f"{outcome.outcome}: {outcome.error}"
    progress.ended(outcome.site_id, outcome.rows if isinstance(outcome, Pulled) else 0, trouble)
