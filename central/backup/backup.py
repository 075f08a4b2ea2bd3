"""Making a backup of central while its cycles run (O5, B51)."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from central import cycle_file
from central.checkpoints import manifest
from central.checkpoints.kept_files import KeptFiles, copy_kept, file_hash, kept_files, to_copy
from central.checkpoints.kept_list import enter_backups
from central.checkpoints.manifest import KEPT, MANIFEST, TOPOLOGY, WAREHOUSE, Backup
from central.checkpoints.question_files import copy_questions
from central.cycle.pull import prepare
from central.lock import CycleRunning, in_turn
from central.project import Project, ProjectError
from central.server_line import required_line
from sync_rules.version import rules_version
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.whole_copy import copy_warehouse, table_hashes
from wire.file_errors import naming
from wire.line import Line
from wire.whole_files import flush, flush_tree, write_whole

_WAIT_S = 3600.0
"""So long a backup waits for a cycle that runs."""


@dataclass(frozen=True)
class _Draft:
    """A backup that is being made in ``folder``, of the ``files`` that there were while it was our turn. ``questions``:
    the names of the saved questions in it, ``unread`` of those that cannot be."""

    folder: Path
    line: Line
    files: KeptFiles
    questions: list[str]
    unread: list[str]

    @property
    def kept(self) -> Path:
        """The kept files of all backups of the line."""
        return self.folder.parent / KEPT


def back_up(project: Project, place: Path, *, note: str | None, now: datetime, is_checked: bool = False) -> Backup:
    """Makes the next backup in the folder ``place``, which is made if need be, and enters it in the project's list.
    What the folder has damaged is copied again: files of another size than the project's; where ``is_checked``, all.

    Only while the warehouse is copied must cycles wait; what never changes is copied after that, once for all backups
    of the folder. Killed anywhere, it leaves the backups before as they are, and the next one goes on. Raises
    ProjectError where nothing was ever synchronised, or the folder is for something else; FileUnusable, CycleRunning.
    """
    if not cycle_file.last_number(project.pulls):
        raise ProjectError("there is nothing to back up: no cycle has run yet; next: `supplysync sync`")
    root = project.folder / "data"
    _require_place(project, place)
    with _alone_in(place):
        draft = _begun(project, place)
        lacking = to_copy(root, draft.kept, draft.files, is_checked=is_checked)
        damaged = copy_kept(root, draft.kept, lacking)
        made = _described(project, place, draft, damaged, note=note, now=now)
        write_whole(draft.folder / MANIFEST, made.written())
        with naming(place):
            flush_tree(draft.folder)
            draft.folder.rename(draft.folder.with_name(manifest.name_of(made.number)))
            flush(draft.folder.parent)
        enter_backups(project, place)
    return made


def _begun(project: Project, place: Path) -> _Draft:
    """What changes, copied, and the names of what never does."""
    with in_turn(project.folder, wait_s=_WAIT_S):
        prepare(project)
        with open_warehouse(project.warehouse, project.schema) as con:
            line = required_line(con, project)
        folder = manifest.line_folder(place, line) / ".draft"
        with naming(place):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        copy_warehouse(project.warehouse, project.schema, folder / WAREHOUSE)
        write_whole(folder / TOPOLOGY, project.wanted_text)
        return _Draft(folder, line, kept_files(project.folder / "data"), *copy_questions(project.questions, folder))


def _described(
    project: Project, place: Path, draft: _Draft, damaged: list[str], *, note: str | None, now: datetime
) -> Backup:
    """What the backup is, by what is there of it."""
    found = manifest.found_backups(place)
    before = max((number for number, one in found.items() if one.parent == draft.folder.parent), default=None)
    earlier = manifest.made_of(found[before]) if before is not None else []
    names = ([*one.folders] for one in earlier), ([*one.documents] for one in earlier)
    known = KeptFiles(*(frozenset(name for each in group for name in each) for group in names))
    added = draft.files.both(kept_files(draft.kept)).without(known)
    with open_warehouse(draft.folder / WAREHOUSE, project.schema, read_only=True) as con:
        last, tables = last_cycle(con), table_hashes(con)
    return Backup(
        number=max(found, default=0) + 1,
        before=before,
        made_at=now,
        version=version("supplysync"),
        note=note,
        last_cycle=last,
        rules_version=rules_version(),
        line=draft.line,
        files={name: file_hash(draft.folder / name) for name in (WAREHOUSE, TOPOLOGY, *draft.questions)},
        tables=tables,
        folders=sorted(added.folders),
        documents={name: file_hash(draft.kept / name) for name in sorted(added.documents)},
        left_out=[*damaged, *draft.unread],
    )


def _require_place(project: Project, place: Path) -> None:
    own = (project.folder / "data", project.published)
    if any(place == one or one in place.parents for one in own):
        raise ProjectError(f"`{place}` is in a folder of the project's own; back up into another one, on another disk")
    if place.is_dir() and any(place.iterdir()) and not (place / ".lock").exists():
        raise ProjectError(
            f"`{place}` holds something else than backups of central: name an empty folder, or a new one"
        )


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """One backup at a time in a folder, which nobody else may read (precision 37)."""
    with naming(place):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        with (place / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CycleRunning(f"another backup is being made in `{place}`; wait for it to end") from None
            yield
