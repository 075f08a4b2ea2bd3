"""Central's own place, looked at as a site's is: its folders, its warehouse, the cycles and snapshots that it keeps,
and whether topology.toml is what is in force."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from central.checkpoints.backed_up_files import backed_up_lacking
from central.checkpoints.lacking_files import kept_files_lacking
from central.cycle.catch_up import CannotCatchUp, kept_cycles, require_whole
from central.project import Project
from central.working_warehouse import behind_its_cycles
from warehouse.connection import Connection
from warehouse.ledger import change_sets
from warehouse.snapshots.current import NothingPublished, current, open_snapshot
from wire.file_errors import FileUnusable
from wire.folders import is_whole

CYCLES, KEPT, TOPOLOGY = "cycles", "kept files", "topology.toml"
"""Parts of it that others ask for by name."""

_ROOM = 100_000_000
"""So many bytes should be free: a small network's cycle takes fewer."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with a part of central's own place, and what to do; a ``note`` keeps nothing from running."""

    part: str
    text: str
    is_note: bool = False


def findings(
    project: Project, con: Connection | None, waits_for_apply: str | None, *, is_thorough: bool = False
) -> list[Finding]:
    """All that is wrong; ``con``: the warehouse, None where it cannot be opened; ``waits_for_apply``: as the project
    has it that goes by what is in force; ``is_thorough``: each kept file is read, byte by byte."""
    found = list(_of_folders(project))
    if con is not None:
        found += _of_cycles(project, con, is_thorough=is_thorough)
    if waits_for_apply:
        found.append(Finding(TOPOLOGY, waits_for_apply, is_note=True))
    return [*found, *_of_snapshot(project)]


def _of_folders(project: Project) -> Iterator[Finding]:
    folders = (project.warehouse.parent, project.pulls / "cycles", project.change_sets, project.published)
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            yield Finding(_part(project, folder), f"`{there}` is a file where a folder should be: move it away")
        elif not os.access(there, os.W_OK | os.X_OK):
            yield Finding(_part(project, folder), f"`{there}` cannot be written to: let the user who runs this write "
                          "there; is the disk mounted read-only?")  # fmt: skip
        elif shutil.disk_usage(there).free < _ROOM:
            yield Finding(_part(project, folder), f"less than {_ROOM // 1_000_000} MB are free on the disk of "
                          f"`{there}`: make room")  # fmt: skip


def _of_cycles(project: Project, con: Connection, *, is_thorough: bool) -> Iterator[Finding]:
    try:
        kept = kept_cycles(con, project)
        require_whole(project, kept)
    except (CannotCatchUp, FileUnusable) as error:
        yield Finding(CYCLES, str(error))
        return
    if behind := behind_its_cycles(project, con):
        yield Finding(CYCLES, behind, is_note=True)
    with suppress(FileUnusable):  # of the list of backups, of which who asks for the last one is told
        if lacking := kept_files_lacking(project, con):
            yield Finding(KEPT, lacking)
        if lacking := backed_up_lacking(project, con, is_thorough=is_thorough):
            yield Finding(KEPT, lacking, is_note=not is_thorough)
    damaged = [one for one in change_sets.pending(con) if not is_whole(project.change_sets / one.path)]
    for one in damaged:
        text = f"`{project.change_sets / one.path}` is damaged or gone: the next cycle makes another"
        yield Finding("change sets", text, is_note=True)


def _of_snapshot(project: Project) -> Iterator[Finding]:
    try:
        with open_snapshot(current(project.published)):
            pass
    except NothingPublished:
        return
    except FileUnusable as error:
        yield Finding("published", str(error))


def _part(project: Project, folder: Path) -> str:
    return str(folder.relative_to(project.folder))
