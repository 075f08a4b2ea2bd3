"""Delivering: each pending change set to its site, in parallel; the answers into the ledger (M4, M5, P7)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial

import polars as pl

from central import cycle_file, delivery_file
from central.cycle.routes import queued
from central.cycle_file import Cycle
from central.delivery_file import Deliveries, SiteDelivery
from central.progress import Progress, Way
from central.project import Project, ProjectError
from sites.deliver import deliver
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.own_edits.rights import StoreRights
from sites.watch import Left
from sync_rules.screen import visible
from sync_rules.topology.frames import StoreAtSite
from sync_rules.topology.topology import Site
from sync_rules.words import Answer, MoveState, Outcome, SiteStatus, Skip, SyncType
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import answers, change_sets, history, visits
from warehouse.ledger.change_sets import Pending
from warehouse.ledger.cycles import deliveries_taken, last_cycle, record_deliveries
from warehouse.ledger.network.moves import stored_moves
from warehouse.ledger.sites import KnownSite, known_sites, put_queue_out
from warehouse.ledger.visits import Delivered
from warehouse.records.door import Records
from wire import change_set
from wire.file_errors import FileUnusable
from wire.line import Line

_WORKERS = 8


def deliver_change_sets(project: Project, *, now: datetime) -> list[Delivered]:
    """Delivers what is pending for the sites pulled in the cycle admitted last, and records their answers.

    The warehouse is closed while sites are written to: a slow site holds nobody up. What they said is a file before the
    ledger knows it (B8).
    """
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = cycle_file.required(project.pulls, last_cycle(con))
        part = take_deliveries(con, project, cycle.number) + 1
        reached = {one.site_id for one in cycle.pulled}
        pending = [one for one in change_sets.pending(con) if one.site_id in reached]
        known, told = (known_sites(con), visits.site_statuses(con)) if pending else ({}, {})
        active = _active(con) if pending else StoreAtSite.empty()
    sent = _deliver_all(project, pending, known, told, active, now, cycle.line)
    lacking_nothing = sorted(reached - {one.site_id for one in pending})
    idle = [SiteDelivery(Delivered(site_id, Outcome.OK, None, 0, 0.0)) for site_id in lacking_nothing]
    deliveries = _with_problems([*sent, *idle], cycle)
    if deliveries:
        delivery_file.write_deliveries(project.pulls, Deliveries(cycle.number, now, deliveries), part)
    with open_warehouse(project.warehouse, project.schema) as con:
        take_deliveries(con, project, cycle.number)
    return [one.delivered for one in deliveries]


def take_deliveries(con: Connection, project: Project, cycle: int) -> int:
    """Records what sites said to the change sets of a cycle, as far as it is kept and not recorded yet. Returns how
    many files of it the ledger has taken then."""
    part = taken = deliveries_taken(con, cycle)
    for part, deliveries in enumerate(delivery_file.deliveries_after(project.pulls, cycle, taken), start=taken + 1):
        with transaction(con):
            _record(Records(con, project.schema, cycle), deliveries)
            visits.enter_deliveries(con, cycle, [one.delivered for one in deliveries.sites], now=deliveries.now)
            put_queue_out(con, queued(con), now=deliveries.now)
            record_deliveries(con, cycle, part, at=deliveries.now)
    return part


def _with_problems(deliveries: Sequence[SiteDelivery], cycle: Cycle) -> list[SiteDelivery]:
    """A site whose pull found what somebody should look at has not done well, though the rest of it went through."""
    problems = {one.site_id: one.problem for one in cycle.pulled if one.problem}
    return [
        replace(one, delivered=replace(said, outcome=Outcome.FAILED, error=problems[said.site_id]))
        if said.outcome == Outcome.OK and said.site_id in problems
        else one
        for one in deliveries
        for said in (one.delivered,)
    ]


def _deliver_all(
    project: Project,
    pending: Sequence[Pending],
    known: Mapping[int, KnownSite],
    told: Mapping[int, SiteStatus],
    active: pl.DataFrame,
    now: datetime,
    server: Line | None,
) -> list[SiteDelivery]:
    """Each change set to its site, several at a time; in the order of ``pending``."""
    if not pending:
        return []
    codes = {one.site_id: known[one.site_id].site_code for one in pending}
    sites = {site.id: site for site in project.topology.sites}
    rights = _rights(project, active, pending)
    progress = Progress(Way.OUT, codes, {one.site_id: one.upserts + one.deletes for one in pending})
    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(pending))) as pool:
        jobs = [
            pool.submit(_deliver_one, project, sites[one.site_id], one, known[one.site_id], told[one.site_id],
                        rights[one.site_id], now, server, partial(progress.left, one.site_id))
            for one in pending
        ]  # fmt: skip
        for job in progress.each_as_it_ends(jobs):
            said = job.result().delivered
            progress.ended(said.site_id, said.sent, f"{said.outcome}: {said.error}" if said.error else None)
    progress.close()
    return [job.result() for job in jobs]


def _active(con: Connection) -> pl.DataFrame:
    """store_id, site_id: where stores are active, as sites know it; one that is asked to hand a store over has its
    rights until it does."""
    active = history.instances(con).filter(pl.col("sync_type") == str(SyncType.ACTIVE))
    asked = [one.move for one in stored_moves(con) if one.move.state is MoveState.CUT]
    cut = StoreAtSite.of((move.store_id, move.from_site) for move in asked)
    return pl.concat([active.select("store_id", "site_id"), cut])


def _rights(project: Project, active: pl.DataFrame, pending: Sequence[Pending]) -> Mapping[int, StoreRights]:
    """The stores of each site that something is sent to, and whether it is primary."""
    stores: dict[int, set[str]] = {one.site_id: set() for one in pending}
    for store_id, site_id in active.select("store_id", "site_id").iter_rows():
        if site_id in stores:
            stores[site_id].add(store_id)
    primary = project.topology.primary_id
    return {site: StoreRights(frozenset(own), is_primary=site == primary) for site, own in stores.items()}


def _deliver_one(
    project: Project,
    site: Site,
    pending: Pending,
    known: KnownSite,
    told: SiteStatus,
    rights: StoreRights,
    now: datetime,
    server: Line | None,
    left: Left,
) -> SiteDelivery:
    began = time.monotonic()
    try:
        if known.identity is None or known.bookmark is None:
            raise SiteFailed("the site was not pulled yet")
        sent = change_set.read_change_set(project.change_sets / pending.path)
        with open_site(project.database_url(site), project.folder) as db:
            status = replace(told, result=str(Outcome.OK), to_come=0)
            answer = deliver.deliver(db, sent, schema=project.schema, pulled=known.bookmark, expected=known.identity,
                                     now=now, rights=rights, server=server, status=status, left=left)  # fmt: skip
    except Unreachable as error:
        return _sent(pending, began, None, (Outcome.UNREACHABLE, visible(str(error))))
    except (SiteFailed, ProjectError) as error:
        return _sent(pending, began, None, (Outcome.FAILED, visible(str(error))))
    except FileUnusable as error:
        said = f"its change set {pending.number} is damaged, the next cycle makes another: {error}"
        return _sent(pending, began, None, (Outcome.FAILED, said))
    except Exception as error:  # whatever happens at a site is this site's failure alone (P7)
        return _sent(pending, began, None, (Outcome.FAILED, f"unexpected {type(error).__name__} while delivering"))
    return _sent(pending, began, answer, None)


def _sent(pending: Pending, began: float, answer: Answer | None, error: tuple[Outcome, str] | None) -> SiteDelivery:
    outcome, said = error or (Outcome.OK, None)
    count = _count(pending, answer) if answer else 0
    delivered = Delivered(pending.site_id, outcome, said, count, round(time.monotonic() - began, 3))
    return SiteDelivery(delivered, pending.number, answer)


def _record(records: Records, deliveries: Deliveries) -> None:
    said = {one.delivered.site_id: one.answer for one in deliveries.sites if one.answer is not None}
    answers.take_answers(records, said, now=deliveries.now)
    for one in deliveries.sites:
        if one.answer is None and one.number is not None and one.delivered.outcome == Outcome.FAILED:
            error = str(one.delivered.error)
            answers.fail(records.con, one.delivered.site_id, one.number, error, now=deliveries.now)


def _count(pending: Pending, answer: Answer) -> int:
    left = [one for one in answer.skipped if one.why != Skip.ALTERED_BY_SITE]
    return pending.upserts + pending.deletes - len(left)
