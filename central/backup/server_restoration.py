"""Making a server again (O5, B51): from a backup into an empty folder or a project; or from what lies in a project."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central import decisions
from central.backup.lost_cycles import files_of_cycles, unknown_change_sets
from central.backup.server_plan import ServerPlan
from central.checkpoints.backed_up_files import NOTHING_REMOVED, lacking_of
from central.checkpoints.kept_files import KeptFiles, copy_kept
from central.checkpoints.kept_list import enter_backups
from central.checkpoints.manifest import TOPOLOGY, WAREHOUSE, Backup
from central.lock import in_turn
from central.project import Project, load
from central.server_line import begin_line
from central.working_warehouse import published_cycle
from wire.file_errors import FileUnusable, naming
from wire.whole_files import flush, write_whole


@dataclass(frozen=True)
class _Aside:
    """Where what stands in the way is put, below the project's data; nothing is thrown away."""

    root: Path
    folder: Path

    def put(self, path: Path) -> None:
        """Moves a file or folder there, under the name that it has below the project; one that is not there is
        none."""
        if not path.exists():
            return
        target = self.folder / path.relative_to(self.root)
        with naming(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def restore_server(plan: ServerPlan, *, now: datetime) -> Path:
    """Does what the plan says; returns the folder in which is what stood in the way. Killed anywhere, it is done by
    being run again: the line is begun before anything else, the warehouse comes last. Raises FileUnusable,
    CycleRunning."""
    with naming(plan.target):
        plan.target.mkdir(parents=True, exist_ok=True)
    aside = _Aside(plan.target, plan.target / "data" / f"before-restore-{now:%Y%m%dT%H%M%SZ}")
    with in_turn(plan.target):
        if plan.is_new and plan.folder:
            write_whole(plan.target / TOPOLOGY, (plan.folder / TOPOLOGY).read_bytes())
        project = load(plan.target)
        if plan.line:
            begin_line(project, plan.line)
        if plan.kept:
            put_back(project, plan.kept, plan.chain, aside=aside.put)
        for one in (*(decisions.decision_file(project.pulls, each) for each in plan.decisions),
                    *files_of_cycles(project, plan.aside)):  # fmt: skip
            aside.put(one)
        if plan.folder:
            _put_questions(plan, plan.folder, aside)
            _put_warehouse(project, plan.folder / WAREHOUSE, aside)
            enter_backups(project, plan.folder.parent.parent)
        if plan.line and not plan.again:
            for one in list(unknown_change_sets(project)):
                aside.put(one)
        if _shows_more(project, plan.ends_at):
            aside.put(project.published)
    return aside.folder


def put_back_files(
    project: Project,
    kept: Path,
    chain: Sequence[Backup],
    *,
    now: datetime,
    kept_since: Mapping[str, int] = NOTHING_REMOVED,
) -> list[str]:
    """Kept files that are gone or damaged come back from a backup; nothing else is touched. Returns their names."""
    aside = _Aside(project.folder, project.folder / "data" / f"before-restore-{now:%Y%m%dT%H%M%SZ}")
    with in_turn(project.folder):
        return put_back(project, kept, chain, aside=aside.put, kept_since=kept_since)


def put_back(
    project: Project,
    kept: Path,
    chain: Sequence[Backup],
    *,
    aside: Callable[[Path], None],
    kept_since: Mapping[str, int] = NOTHING_REMOVED,
) -> list[str]:
    """The backup's kept files, where the project has none, or none that is whole, or another one of that name."""
    root, lacking = project.folder / "data", lacking_of(project, chain, kept_since)
    for name in lacking:
        aside(root / name)
    folders = {name for one in chain for name in one.folders} & set(lacking)
    copy_kept(kept, root, KeptFiles(frozenset(folders), frozenset(lacking) - folders))
    return lacking


def _put_questions(plan: ServerPlan, source: Path, aside: _Aside) -> None:
    for name in plan.questions:
        aside.put(plan.target / name)
        with naming(plan.target / name):
            (plan.target / name).parent.mkdir(exist_ok=True)
        write_whole(plan.target / name, (source / name).read_bytes())


def _put_warehouse(project: Project, source: Path, aside: _Aside) -> None:
    draft = project.warehouse.with_name(".restored.duckdb")
    with naming(draft):
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, draft)
        flush(draft)
    aside.put(project.warehouse.with_name(f"{project.warehouse.name}.wal"))
    aside.put(project.warehouse)
    with naming(project.warehouse):
        draft.rename(project.warehouse)
        flush(draft.parent)


def _shows_more(project: Project, end: int) -> bool:
    try:
        return published_cycle(project) > end
    except FileUnusable:
        return True
