"""What a cycle may forget: by the day, the retention that is in force, and the backups that are known (B55)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from central.checkpoints.kept_files import file_hash
from central.checkpoints.kept_list import KnownBackup, known_backups
from central.checkpoints.manifest import WAREHOUSE, found_backups, read_backup
from central.cycle_file import Prune
from central.progress import tell
from central.project import Project
from warehouse.connection import Connection
from warehouse.retention.log_bounds import log_bounds, sites_of_day
from warehouse.retention.past import cycle_before, forgotten, last_prune
from wire.file_errors import FileUnusable


@dataclass(frozen=True)
class PullsBound:
    """Landed pulls of cycles up to ``cycle`` may go; ``wanted``: how far they would by their age alone. ``held_by``:
    what holds the rest back, in words, with the way out; nothing where nothing does."""

    cycle: int
    wanted: int
    held_by: str = ""


@dataclass(frozen=True)
class SiteRetention:
    """What a site may forget: its log up to the place ``bookmark`` (None: nothing), answers from before a moment."""

    bookmark: str | None
    answers_before: datetime


@dataclass(frozen=True)
class DuePrune:
    """What is to be forgotten now, if anything: by central in the cycle that begins, and by ``sites`` that are pulled
    for the first time this day."""

    own: Prune | None = None
    sites: Mapping[int, SiteRetention] = field(default_factory=dict)


def due_prune(con: Connection, project: Project, now: datetime) -> DuePrune:
    """What the cycle that begins ``now`` forgets: central's own past in the first of each day (UTC), a site's in the
    first that pulls it. Where the list of backups cannot be read nothing is forgotten."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    last = last_prune(con)
    is_due, sites = last is not None and last < day, sites_of_day(con, day)
    if not is_due and not sites:
        return DuePrune()
    try:
        backups = known_backups(project)
        own = prune_now(con, project, backups, now) if is_due else None
    except FileUnusable as error:
        tell(f"nothing is forgotten today: {error}")
        return DuePrune()
    return DuePrune(own, site_retention(con, project, sites, backups, now))


def prune_now(con: Connection, project: Project, backups: list[KnownBackup], now: datetime) -> Prune:
    """What central itself may forget now."""
    bound = pulls_bound(con, project, backups, now)
    return Prune(bound.cycle, tuple(sorted({one.last_cycle for one in backups})))


def pulls_bound(con: Connection, project: Project, backups: list[KnownBackup], now: datetime) -> PullsBound:
    """Up to which cycle landed pulls may go: as old as ``pulls_days``, and never newer than the newest checkpoint that
    is there and whole; without one a lost warehouse could not be made again."""
    wanted = cycle_before(con, now - timedelta(days=project.topology.retention.pulls_days))
    before = forgotten(con).pulls_to
    if wanted <= before:
        return PullsBound(before, wanted)
    for one in reversed(backups):
        if (problem := _problem(one)) is None:
            newest = max(before, min(wanted, one.last_cycle))
            held = f"backup {one.number} in `{one.folder}` ends there: `supplysync backup {one.folder}` makes another"
            return PullsBound(newest, wanted, held if newest < wanted else "")
    if not backups:
        return PullsBound(before, wanted, "no backup of central is known, and a lost warehouse needs them: "
                                          "`supplysync backup DIR`")  # fmt: skip
    return PullsBound(before, wanted, f"{problem}: `supplysync backup DIR` makes another")


def _problem(known: KnownBackup) -> str | None:
    """Why a backup on the list cannot stand for the pulls before it; None where it can."""
    try:
        folder = found_backups(Path(known.folder)).get(known.number)
        if folder is None:
            return f"backup {known.number} in `{known.folder}` cannot be seen from here"
        if file_hash(folder / WAREHOUSE) != read_backup(folder).files[WAREHOUSE]:
            return f"backup {known.number} in `{known.folder}` is not as it was made"
    except FileUnusable as error:
        return str(error)
    return None


def site_retention(
    con: Connection, project: Project, sites: list[int], backups: list[KnownBackup], now: datetime
) -> Mapping[int, SiteRetention]:
    """What each of ``sites`` may forget now."""
    kept = project.topology.retention
    ends = sorted({one.last_cycle for one in backups})
    before = now - timedelta(days=kept.site_log_days)
    bookmarks = log_bounds(con, sites, before=before, backups=ends) if sites else {}
    answers_before = now - timedelta(days=kept.site_answers_days)
    return {site_id: SiteRetention(bookmarks.get(site_id), answers_before) for site_id in sites}
