"""Delivering: each pending change set to its site, in parallel; the answers into the ledger (M4, M5, P7)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from central.cycle.route import queued
from central.cycle_file import latest_admitted
from central.progress import Tell
from central.progress import tell as tell_listeners
from central.project import Project, ProjectError
from sites.deliver import deliver
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.own_edits.rights import StoreRights
from sync_rules.words import Answer, Outcome, SiteStatus, Skip, SyncType
from warehouse.connection import open_warehouse, transaction
from warehouse.ledger import change_sets, history, visits
from warehouse.ledger.change_sets import Pending
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import KnownSite, known_sites, put_queue_out
from warehouse.ledger.visits import Delivered
from warehouse.records.door import Records
from wire import change_set

_WORKERS = 8


@dataclass(frozen=True)
class Sent:
    """What became of one pending change set."""

    pending: Pending
    outcome: str  # ok, unreachable or failed
    answer: Answer | None
    error: str | None
    seconds: float


def deliver_change_sets(project: Project, *, now: datetime, tell: Tell = tell_listeners) -> list[Delivered]:
    """Delivers what is pending for the sites pulled in the cycle admitted last, and records their answers.

    The warehouse is closed while sites are written to: a slow site holds nobody up.
    """
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = latest_admitted(project.pulls, last_cycle(con))
        reached = {one.site_id for one in cycle.pulled}
        pending = [one for one in change_sets.pending(con) if one.site_id in reached]
        known = known_sites(con)
        told = visits.site_statuses(con)
        active = history.instances(con).filter(pl.col("sync_type") == str(SyncType.ACTIVE))
    with ThreadPoolExecutor(max_workers=min(_WORKERS, max(1, len(pending)))) as pool:
        sent = list(
            pool.map(
                lambda one: _deliver_one(project, one, known[one.site_id], told[one.site_id], active, now), pending
            )
        )
    deliveries = [Delivered(one.pending.site_id, one.outcome, one.error, _count(one), one.seconds) for one in sent] + [
        Delivered(site_id, Outcome.OK, None, 0, 0.0) for site_id in sorted(reached - {one.site_id for one in pending})
    ]
    with open_warehouse(project.warehouse, project.schema) as con, transaction(con):
        for one in sent:
            _record(Records(con, project.schema, cycle.number), one, now)
        visits.enter_deliveries(con, cycle.number, deliveries, now=now)
        put_queue_out(con, queued(con))
    for one in sent:
        tell(f"{known[one.pending.site_id].site_code}: {_count(one)} records delivered" if not one.error else
             f"{known[one.pending.site_id].site_code}: {one.outcome}: {one.error}")  # fmt: skip
    return deliveries


def _deliver_one(
    project: Project, pending: Pending, known: KnownSite, told: SiteStatus, active: pl.DataFrame, now: datetime
) -> Sent:
    began = time.monotonic()
    site = next(site for site in project.topology.sites if site.id == pending.site_id)
    stores = frozenset(active.filter(pl.col("site_id") == site.id)["store_id"])
    rights = StoreRights(stores, is_primary=site.id == project.topology.primary_id)
    try:
        if known.identity is None or known.bookmark is None:
            raise SiteFailed("the site was not pulled yet")
        sent = change_set.read_change_set(project.change_sets / pending.path)
        with open_site(project.database_url(site), project.folder) as db:
            answer = deliver.deliver(
                db,
                sent,
                schema=project.schema,
                pulled=known.bookmark,
                expected=known.identity,
                now=now,
                rights=rights,
                status=replace(told, result=str(Outcome.OK), to_come=0),
            )
    except Unreachable as error:
        return Sent(pending, Outcome.UNREACHABLE, None, str(error), round(time.monotonic() - began, 3))
    except (SiteFailed, ProjectError) as error:
        return Sent(pending, Outcome.FAILED, None, str(error), round(time.monotonic() - began, 3))
    except Exception as error:  # whatever happens at a site is this site's failure alone (P7)
        said = f"unexpected {type(error).__name__} while delivering"
        return Sent(pending, Outcome.FAILED, None, said, round(time.monotonic() - began, 3))
    return Sent(pending, Outcome.OK, answer, None, round(time.monotonic() - began, 3))


def _record(records: Records, sent: Sent, now: datetime) -> None:
    if sent.answer is not None:
        change_sets.answer(records, sent.pending.site_id, sent.answer, now=now)
    elif sent.outcome == Outcome.FAILED:
        change_sets.fail(records.con, sent.pending.site_id, sent.pending.number, str(sent.error), now=now)


def _count(sent: Sent) -> int:
    if sent.answer is None:
        return 0
    left = [one for one in sent.answer.skipped if one.why != Skip.ALTERED_BY_SITE]
    return sent.pending.upserts + sent.pending.deletes - len(left)
