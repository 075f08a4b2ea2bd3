"""What `prune` would remove, and removing it: central's own past, by a cycle that pulls nothing, and sites' logs
(B55)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from central import cycle_file, decisions
from central.checkpoints.kept_list import known_backups
from central.cycle.catch_up import catch_up
from central.cycle.stages import Asked, Pruned, admit_next, prune_last, route_last
from central.cycle_file import Cycle, Prune
from central.pauses import with_pauses
from central.project import Project
from central.retention.bounds import PullsBound, SiteRetention, prune_now, pulls_bound, site_retention
from central.retention.old_files import old_files, restored_aside
from central.visits.known import known_of
from sites.capture.identity import read_identity, require_identity
from sites.capture.log_retention import OldAtSite, count_old, forget_old
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sync_rules.screen import visible
from sync_rules.topology.topology import Site
from warehouse.connection import Connection, open_warehouse, rolled_back
from warehouse.ledger.sites import KnownSite, known_sites
from warehouse.retention.compaction import LEAST_FREE, free_bytes
from warehouse.retention.past import forget_past, sequence_holders

_WORKERS = 8


@dataclass(frozen=True)
class PruneLine:
    """Of one kind of thing, how many go, with their bytes where these are known, all from before ``until`` (None: their
    age does not count); ``held_by``: what holds others back, in words, with the way out."""

    what: str
    count: int
    bytes: int | None
    until: datetime | None
    held_by: str = ""


@dataclass(frozen=True)
class PrunePlan:
    """What goes, by kind, and folders that only people can say are not needed, with their bytes."""

    lines: Sequence[PruneLine]
    told: Mapping[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes."""
        return not any(line.count for line in self.lines)

    def document(self) -> dict[str, Any]:
        """The whole, for JSON."""
        return {"removed": [asdict(line) for line in self.lines], "only_told": dict(self.told)}


def plan_prune(project: Project, now: datetime) -> PrunePlan:
    """What is to go now. Nothing is written, nor at sites. Raises CannotCatchUp, FileUnusable."""
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        backups = known_backups(project)
        bound, kept = pulls_bound(con, project, backups, now), project.topology.retention
        with rolled_back(con):
            gone = forget_past(con, kept, cycle=known_of(con, project).number + 1, now=now,
                               **vars(prune_now(con, project, backups, now)))  # fmt: skip
            old = old_files(con, project)
        lines = [*_files(old.of_kind, old.stay, bound, kept.pulls_days, now)]
        lines += _ledger(gone, sequence_holders(con, kept, now=now), project, now)
        lines += _room(con)
    answers = at_sites(project, now, count_old)
    lines += [_site_line(code, found, project, now) for code, found in sorted(answers.items())]
    return PrunePlan(lines, restored_aside(project))


def prune_project(asked: Asked) -> Pruned:
    """Does it: begins a cycle that pulls nothing and forgets, and takes it through its stages; then the sites that can
    be reached. The caller has the project's turn. Killed anywhere, the next cycle or prune goes on."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        begin_prune(con, asked, prune_now(con, project, known_backups(project), asked.now))
    admit_next(asked)
    route_last(asked)
    done = prune_last(asked)
    at_sites(project, asked.now, forget_old)
    return done


def begin_prune(con: Connection, asked: Asked, prune: Prune) -> None:
    """Begins a cycle that pulls nothing and forgets. Raises FileUnusable."""
    project = asked.project
    known = known_of(con, project)
    taken = decisions.after(project.pulls, known.decision)
    cycle = Cycle(known.number + 1, asked.now, project.topology_text, (), (), asked.by, taken, leaves=known.leaves,
                  waits_for_apply=project.waits_for_apply is not None, line=known.line, prune=prune)  # fmt: skip
    cycle_file.write(project.pulls, cycle)


Act = Callable[..., OldAtSite]
"""What is done at a site: counting what is old there, or taking it out."""


def at_sites(project: Project, now: datetime, act: Act) -> dict[str, OldAtSite | str]:
    """What was done or found at each enabled site that was ever pulled, by code; in words why not, where it was not."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_sites(con)
        sites = [one for one in with_pauses(con, project).topology.sites if one.is_enabled and one.id in known]
        due = site_retention(con, project, [one.id for one in sites], known_backups(project), now)
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        jobs = {one.code: pool.submit(_at_site, project, one, known[one.id], due[one.id], act) for one in sites}
    return {code: job.result() for code, job in jobs.items()}


def _at_site(project: Project, site: Site, known: KnownSite, due: SiteRetention, act: Act) -> OldAtSite | str:
    if known.identity is None:
        return OldAtSite(0, 0)
    try:
        with open_site(project.database_url(site), project.folder) as db:
            _require_own(db, known)
            return act(db, due.bookmark, answers_before=due.answers_before)
    except (Unreachable, SiteFailed) as error:
        return visible(str(error))


def _require_own(db: SiteDatabase, known: KnownSite) -> None:
    expected = known.identity
    if expected is not None:
        require_identity(read_identity(db), (known.site_id, expected.database_uuid))


def _files(
    of_kind: Callable[[str], Mapping[str, int]], stay: int, bound: PullsBound, days: int, now: datetime
) -> Iterator[PruneLine]:
    until = now - timedelta(days=days)
    held = bound.held_by
    if stay and not held:
        held = f"{stay} are in no backup that can be seen and is whole: `supplysync backup DIR`"
    for kind, what in (("pulls", "landed pulls"), ("change_sets", "change sets")):
        found = of_kind(kind)
        yield PruneLine(what, len(found), sum(found.values()), until, held)


def _ledger(gone: Mapping[str, int], holders: Sequence[str], project: Project, now: datetime) -> Iterator[PruneLine]:
    kept = project.topology.retention
    until = now - timedelta(days=kept.pulls_days)
    codes = ", ".join(holders)
    held = f"{codes} lack what came before: `supplysync sync {' '.join(holders)}`" if holders else ""
    yield PruneLine("entries of the sequence", gone.get("sequence", 0), None, until, held)
    closed = now - timedelta(days=kept.closed_days)
    yield PruneLine("changes not admitted, dealt with", gone.get("quarantine", 0), None, closed)
    others = sum(rows for table, rows in gone.items() if table not in ("sequence", "quarantine"))
    yield PruneLine("other rows of the ledger", others, None, until)


def _room(con: Connection) -> Iterator[PruneLine]:
    free, size = free_bytes(con)
    if free >= LEAST_FREE and 2 * free >= size:
        yield PruneLine("free room in the warehouse's file", 1, free, None)


def _site_line(code: str, found: OldAtSite | str, project: Project, now: datetime) -> PruneLine:
    until = now - timedelta(days=project.topology.retention.site_log_days)
    if isinstance(found, str):
        return PruneLine(f"log and answers at {code}", 0, None, until, found)
    return PruneLine(f"log and answers at {code}", found.log + found.answers, None, until)
