"""What lies in a project from cycles that are put aside: the pulls and change sets that nobody needs any more, and what
operators decided in a state that is lost (B51, B53)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from central import cycle_file, decisions
from central.checkpoints.manifest import Backup
from central.decisions import Decision
from central.project import Project
from warehouse.connection import open_warehouse
from warehouse.ledger.change_sets import registered_paths
from warehouse.ledger.decisions import last_decision
from wire.file_errors import FileUnusable

_DECISIONS = "pulls/decisions/"


def lost_decisions(project: Project, chain: Sequence[Backup], again: Sequence[int]) -> tuple[Decision, ...]:
    """The decisions that the backup has not, and no cycle that is admitted ``again`` acted on; without a backup, those
    that the warehouse as it lies there never heard of. Raises FileUnusable where one cannot be read."""
    there = {name for one in chain for name in one.documents if name.startswith(_DECISIONS)}
    kept = {int(Path(name).stem) for name in there}
    for number in again:
        kept |= {one.number for one in cycle_file.required(project.pulls, number).decisions}
    heard_of = 0 if chain else _last_heard_of(project)
    return tuple(one for one in decisions.after(project.pulls, heard_of) if one.number not in kept)


def _last_heard_of(project: Project) -> int:
    if not project.warehouse.exists():
        return 0
    with open_warehouse(project.warehouse, project.schema) as con:
        return last_decision(con)


def files_of_cycles(project: Project, numbers: Sequence[int]) -> Iterator[Path]:
    """The files of cycles, of what was delivered in them, and the folders of their pulls; the file of a cycle last, so
    that one that was killed finds the rest by it."""
    for number in numbers:
        file = cycle_file.path(project.pulls, number)
        try:
            cycle = cycle_file.read(project.pulls, number)
        except FileUnusable:
            cycle = None
        yield from (project.pulls / one.path for one in (cycle.pulled if cycle else ()))
        yield from sorted(file.parent.glob(f"{number:08d}.delivered-*.json"))
        yield file


def unknown_change_sets(project: Project) -> Iterator[Path]:
    """The change sets that lie in the project and of which its warehouse knows nothing."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = registered_paths(con)
    for site in sorted(project.change_sets.iterdir()) if project.change_sets.is_dir() else ():
        for folder in sorted(site.iterdir()):
            if folder.is_dir() and not folder.name.startswith(".") and f"{site.name}/{folder.name}" not in known:
                yield folder
