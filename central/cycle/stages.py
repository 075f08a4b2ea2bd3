"""The stages of a cycle, each one function of what is asked: what Dagster's assets and `run_cycle` alike call.

A stage takes up what the one before it left in files and in the warehouse, never its result: each can be run again, in
a process of its own (A6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central import cycle_file
from central.cycle.admit import admit
from central.cycle.deliver import deliver_change_sets
from central.cycle.publish import publish_project
from central.cycle.pull import pull_sites
from central.cycle.route import make_change_sets
from central.cycle_file import Cycle
from central.pauses import with_pauses
from central.project import Project
from central.retention.old_files import old_files, remove_files
from sync_rules.words import Outcome
from warehouse.connection import open_warehouse
from warehouse.ledger import checks, visits
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import unheard_sites
from warehouse.ledger.visits import Delivered
from warehouse.retention.compaction import compact
from warehouse.snapshots.current import current
from warehouse.snapshots.inspection import Inspection, inspect_snapshot
from warehouse.snapshots.publish import Published


@dataclass(frozen=True)
class Asked:
    """What a cycle is asked for: ``only`` names sites by code, None means all that are enabled; ``by`` is who asks
    (B21); ``now`` is when the stage begins."""

    project: Project
    now: datetime
    by: str = "nobody@nowhere"
    only: Sequence[str] | None = None


@dataclass(frozen=True)
class Admission:
    """How many changes of a cycle were pulled, how many got which verdict, and what its checks found: sites of whose
    changes some got none, references to records that are not there, records and stores that have not one owner, of how
    many ``records``. ``cycle`` is None where there was nothing to admit."""

    cycle: int | None
    pulled: int
    admitted: int
    rejected: int
    waiting: int
    unjudged: Sequence[str]
    dangling: Sequence[str]
    not_owned_once: Sequence[str]
    records: int

    @property
    def besides(self) -> int:
        """Decided besides what was pulled: what had been held back before, and what was found by comparing tables."""
        return self.admitted + self.rejected + self.waiting - self.pulled


@dataclass(frozen=True)
class Sets:
    """To how many sites change sets were made, of how many rows."""

    sites: int
    upserts: int
    deletes: int


@dataclass(frozen=True)
class Pruned:
    """What a cycle let go of besides rows of the ledger: folders of ``pulls`` and ``change_sets``, their ``bytes``, and
    those that the warehouse's file gave back. ``is_due``: whether this was the day's; ``is_idle``: nothing was pulled,
    sent or wrong in the cycle."""

    is_due: bool
    is_idle: bool
    pulls: int = 0
    change_sets: int = 0
    bytes: int = 0
    compacted_bytes: int = 0


@dataclass(frozen=True)
class Report:
    """What cycle ``number`` did with each site, a row each, and the codes of those that failed and those that did not
    answer, and of those that were not tried. ``silent``: the sites of the whole network, whether they were due or not,
    that were not heard of for longer than they may be, or never: site_code, status, last_contact_at, last_error."""

    number: int
    sites: Sequence[dict[str, Any]]
    failed: Sequence[str]
    unreachable: Sequence[str]
    blocked: Sequence[str]
    silent: Sequence[dict[str, Any]]


def pull_due(asked: Asked) -> Cycle:
    """Lands what people changed at the sites asked for, and begins a cycle of it (P2, P5)."""
    return pull_sites(asked.project, now=asked.now, asked_by=asked.by, only=asked.only)


def is_paused(asked: Asked) -> bool:
    """Whether all the sites that are asked for are paused, by topology.toml or by command (T8)."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        topology = with_pauses(con, project).topology
    wanted = [site for site in topology.sites if asked.only is None or site.code in asked.only]
    return not any(site.is_enabled for site in wanted)


def is_unheard(asked: Asked) -> bool:
    """Whether a site that is asked for was never pulled."""
    with open_warehouse(asked.project.warehouse, asked.project.schema) as con:
        return bool(unheard_sites(con) & set(asked.only or ()))


def pull_alone(asked: Asked) -> Cycle:
    """The same of one site: where it could not be pulled nothing follows, but that it was tried is known and shown."""
    cycle = pull_due(asked)
    if not cycle.pulled and admit_next(asked):
        publish_last(asked)
    return cycle


def admit_next(asked: Asked) -> int | None:
    """Admits the cycle that was pulled and is not admitted yet, and says its number; None where there is none."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = cycle_file.read(project.pulls, last_cycle(con) + 1)
        return cycle.number if cycle and admit(con, project.at(cycle.topology), cycle) else None


def admit_and_check(asked: Asked) -> Admission:
    """The same, and looks whether all was judged and the replicas are whole."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = admit_next(asked)
        counts = visits.of_cycle(con, cycle) if cycle else visits.none()
        pulled, admitted, rejected, waiting = (int(counts[what].sum()) for what in _COUNTED)
        return Admission(
            cycle,
            pulled,
            admitted,
            rejected,
            waiting,
            checks.unjudged(counts),
            checks.dangling(con, project.schema),
            checks.not_owned_once(con, project.schema),
            checks.records_known(con),
        )


def route_last(asked: Asked) -> Sets:
    """Makes the change sets of the cycle admitted last, for each site that lacks something (M2, M3)."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = cycle_file.required(project.pulls, last_cycle(con))
        made = make_change_sets(con, project.at(cycle.topology), cycle)
    return Sets(made.height, int(made["upserts"].sum()), int(made["deletes"].sum()))


def deliver_last(asked: Asked) -> list[Delivered]:
    """Delivers what is pending for the sites of the cycle admitted last, and keeps their answers (M4)."""
    return deliver_change_sets(asked.project, now=asked.now)


def deliver_alone(asked: Asked) -> list[Delivered]:
    """The same of one site: where it failed nothing follows, but what is known is published."""
    results = deliver_last(asked)
    if any(one.outcome == Outcome.FAILED for one in results):
        publish_last(asked)
    return results


def publish_last(asked: Asked) -> Published:
    """Publishes what the warehouse holds (W1)."""
    return publish_project(asked.project, now=asked.now)


def look_for_patients(asked: Asked) -> Inspection:
    """What the published snapshot has of patients, accounts and secrets: nothing, if all is well (B16)."""
    return inspect_snapshot(current(asked.project.published), asked.project.schema)


def report_last(asked: Asked) -> Report:
    """What the cycle admitted last did with each site."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        number = last_cycle(con)
        rows = visits.of_cycle(con, number).to_dicts()
        silent = [
            {key: one[key] for key in ("site_code", "status", "last_contact_at", "last_error")}
            for one in visits.site_alarms(con, asked.now)
            if one["is_overdue"] or one["status"] in ("never", "blocked", "late", "overdue")
        ]
    failed, unreachable, blocked = (
        [row["site_code"] for row in rows if row["outcome"] == outcome] for outcome in _NOT_WELL
    )
    return Report(number, rows, failed, unreachable, blocked, silent)


def prune_last(asked: Asked) -> Pruned:
    """Removes the files that the cycle admitted last let go of, if it was to (B55). A second time it finds none."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        number = last_cycle(con)
        is_idle = not visits.of_cycle(con, number).filter(visits.is_busy()).height
        cycle = cycle_file.read(project.pulls, number)
        if cycle is None or cycle.prune is None:
            return Pruned(is_due=False, is_idle=is_idle)
        old = old_files(con, project)
    remove_files(project, old)
    given_back = compact(project.warehouse, project.schema)
    pulls, sets = (len(old.of_kind(kind)) for kind in ("pulls", "change_sets"))
    return Pruned(True, is_idle, pulls, sets, sum(old.folders.values()), given_back)


_COUNTED = ("pulled", "admitted", "rejected", "waiting")
_NOT_WELL = (Outcome.FAILED, Outcome.UNREACHABLE, Outcome.BLOCKED)

Stage = Callable[[Asked], Any]
UP_TO_SITES: tuple[Stage, ...] = (pull_due, admit_next, route_last, deliver_last)
"""What moves records."""
STAGES: tuple[Stage, ...] = (*UP_TO_SITES, publish_last, prune_last)
"""A whole cycle, in order."""
