"""Delivering: each pending change set to its site, in parallel; the answers into the ledger (M4, M5, P7)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime

import polars as pl

from central import cycle_file, delivery_file
from central.cycle.route import queued
from central.cycle_file import Cycle
from central.delivery_file import Deliveries, SiteDelivery
from central.progress import Tell, more_sites
from central.progress import tell as tell_listeners
from central.project import Project, ProjectError
from sites.deliver import deliver
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.own_edits.rights import StoreRights
from sync_rules.screen import visible
from sync_rules.words import Answer, Outcome, SiteStatus, Skip, SyncType
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import change_sets, history, visits
from warehouse.ledger.change_sets import Pending
from warehouse.ledger.cycles import deliveries_taken, last_cycle, record_deliveries
from warehouse.ledger.sites import KnownSite, known_sites, put_queue_out
from warehouse.ledger.visits import Delivered
from warehouse.records.door import Records
from wire import change_set
from wire.file_errors import FileUnusable

_WORKERS = 8


def deliver_change_sets(project: Project, *, now: datetime, tell: Tell = tell_listeners) -> list[Delivered]:
    """Delivers what is pending for the sites pulled in the cycle admitted last, and records their answers.

    The warehouse is closed while sites are written to: a slow site holds nobody up. What they said is a file before the
    ledger knows it (B8).
    """
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = cycle_file.required(project.pulls, last_cycle(con))
        take_deliveries(con, project, cycle.number)
        reached = {one.site_id for one in cycle.pulled}
        pending = [one for one in change_sets.pending(con) if one.site_id in reached]
        known = known_sites(con)
        told = visits.site_statuses(con)
        active = history.instances(con).filter(pl.col("sync_type") == str(SyncType.ACTIVE))
        part = deliveries_taken(con, cycle.number) + 1
    with ThreadPoolExecutor(max_workers=min(_WORKERS, max(1, len(pending)))) as pool:
        jobs = {
            pool.submit(_deliver_one, project, one, known[one.site_id], told[one.site_id], active, now): one
            for one in pending
        }
        records = sum(one.upserts + one.deletes for one in pending)
        for left, job in zip(reversed(range(len(jobs))), as_completed(jobs), strict=True):
            records -= jobs[job].upserts + jobs[job].deletes
            tell(_progress(known[jobs[job].site_id].site_code, job.result().delivered, left, records))
    sent = [job.result() for job in jobs]
    lacking_nothing = sorted(reached - {one.site_id for one in pending})
    idle = [SiteDelivery(Delivered(site_id, Outcome.OK, None, 0, 0.0)) for site_id in lacking_nothing]
    deliveries = _with_problems([*sent, *idle], cycle)
    if deliveries:
        delivery_file.write_deliveries(project.pulls, Deliveries(cycle.number, now, deliveries), part)
    with open_warehouse(project.warehouse, project.schema) as con:
        take_deliveries(con, project, cycle.number)
    return [one.delivered for one in deliveries]


def take_deliveries(con: Connection, project: Project, cycle: int) -> None:
    """Records what sites said to the change sets of a cycle, as far as it is kept and not recorded yet."""
    taken = deliveries_taken(con, cycle)
    for part, deliveries in enumerate(delivery_file.deliveries_after(project.pulls, cycle, taken), start=taken + 1):
        with transaction(con):
            for one in deliveries.sites:
                _record(Records(con, project.schema, cycle), one, deliveries.now)
            visits.enter_deliveries(con, cycle, [one.delivered for one in deliveries.sites], now=deliveries.now)
            put_queue_out(con, queued(con), now=deliveries.now)
            record_deliveries(con, cycle, part, at=deliveries.now)


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


def _deliver_one(
    project: Project, pending: Pending, known: KnownSite, told: SiteStatus, active: pl.DataFrame, now: datetime
) -> SiteDelivery:
    began = time.monotonic()
    site = next(site for site in project.topology.sites if site.id == pending.site_id)
    stores = frozenset(active.filter(pl.col("site_id") == site.id)["store_id"])
    rights = StoreRights(stores, is_primary=site.id == project.topology.primary_id)
    try:
        if known.identity is None or known.bookmark is None:
            raise SiteFailed("the site was not pulled yet")
        sent = change_set.read_change_set(project.change_sets / pending.path)
        with open_site(project.database_url(site), project.folder) as db:
            status = replace(told, result=str(Outcome.OK), to_come=0)
            answer = deliver.deliver(db, sent, schema=project.schema, pulled=known.bookmark, expected=known.identity,
                                     now=now, rights=rights, status=status)  # fmt: skip
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


def _record(records: Records, sent: SiteDelivery, now: datetime) -> None:
    site_id = sent.delivered.site_id
    if sent.answer is not None:
        change_sets.answer(records, site_id, sent.answer, now=now)
    elif sent.number is not None and sent.delivered.outcome == Outcome.FAILED:
        change_sets.fail(records.con, site_id, sent.number, str(sent.delivered.error), now=now)


def _count(pending: Pending, answer: Answer) -> int:
    left = [one for one in answer.skipped if one.why != Skip.ALTERED_BY_SITE]
    return pending.upserts + pending.deletes - len(left)


def _progress(code: str, delivered: Delivered, left: int, records: int) -> str:
    """What came of one site; how many others are left, and the records that are to go out to them."""
    said = f"{delivered.sent:,} records delivered"
    if delivered.error is not None:
        said = f"{delivered.outcome}: {delivered.error}"
    return f"{code}: {said}" + (f"; {records:,} to go out to {more_sites(left)}" if left else "")
