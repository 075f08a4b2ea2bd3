"""What making a server again would do, before it is done (O5, B51)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from central import cycle_file, delivery_file
from central.backup.lost_cycles import lost_decisions
from central.checkpoints.kept_files import damages, file_hash
from central.checkpoints.manifest import KEPT, TOPOLOGY, Backup, damaged_file, found_backups, made_of
from central.checkpoints.question_files import differing_questions
from central.decisions import Decision
from central.project import Project, ProjectError, load
from central.server_line import line_now, new_id
from central.working_warehouse import published_cycle
from sync_rules.version import rules_version
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from wire.file_errors import PUT_BACK, FileUnusable
from wire.landed_pull import read_manifest
from wire.line import Line


@dataclass(frozen=True)
class ServerPlan:
    """``folder``: the backup's, None where what lies in the project is taken as it is; ``chain``: the backup and those
    before it. The warehouse ends at ``last_cycle``; the kept cycles ``again`` are admitted again by the next `sync`,
    those ``aside`` cannot be, or are of after what cannot. ``line``: the one that begins, None where nothing is lost.
    ``decisions``: what operators decided in the time that is lost; it is put aside too, to be decided again.
    ``questions``: files of saved questions that come back from the backup.
    """

    target: Path
    is_new: bool
    folder: Path | None
    chain: Sequence[Backup]
    last_cycle: int
    again: Sequence[int]
    aside: Sequence[int]
    line: Line | None
    decisions: Sequence[Decision] = ()
    questions: Sequence[str] = ()

    @property
    def ends_at(self) -> int:
        """The last cycle that is known once the next `sync` has begun."""
        return self.again[-1] if self.again else self.last_cycle

    @property
    def kept(self) -> Path | None:
        """Where the backup's kept files are."""
        return self.folder.parent / KEPT if self.folder else None

    def document(self) -> dict[str, Any]:
        """The whole, for JSON."""
        backup = self.chain[0] if self.chain else None
        return {
            "project": str(self.target),
            "backup": backup.number if backup else None,
            "made_at": backup.made_at.isoformat() if backup else None,
            "last_cycle": self.last_cycle,
            "admitted_again": list(self.again),
            "put_aside": list(self.aside),
            "decisions_put_aside": [asdict(one) for one in self.decisions],
            "line": self.line.id if self.line else None,
            "lines_let_in": list(self.line.ancestors) if self.line else [],
            "questions_put_back": list(self.questions),
        }


def chosen_backup(place: Path, number: int | None) -> Path:
    """The folder of a backup in a folder of backups; of the last one for None. Raises ProjectError where there is
    none."""
    found = found_backups(place)
    if not found:
        raise ProjectError(f"there is no backup in `{place}`")
    if number is not None and number not in found:
        raise ProjectError(f"there is no backup {number} in `{place}`; there are {', '.join(map(str, found))}")
    return found[max(found) if number is None else number]


def plan_server(target: Path, folder: Path | None, *, superseded: Sequence[str] = ()) -> ServerPlan:
    """What making the server in ``target`` again from a backup would do; without one, going on from what lies there.

    Raises ProjectError where the folder is neither empty nor a project, FileUnusable, naming the file, for a backup
    that is damaged.
    """
    is_new = not (target / TOPOLOGY).exists()
    if is_new and (folder is None or (target.exists() and any(one.name != ".env" for one in target.iterdir()))):
        raise ProjectError(f"`{target}` is no project" + ("" if folder is None else ", and not empty either"))
    chain = made_of(folder) if folder else []
    if folder:
        require_sound(folder, chain)
    questions = differing_questions(target, chain[0]) if chain else []
    if is_new:
        begins = _next(chain, None, superseded)
        return ServerPlan(target, True, folder, chain, chain[0].last_cycle, (), (), begins, questions=questions)
    project = load(target)
    last = chain[0].last_cycle if chain else _last_here(project)
    later = [number for number in cycle_file.numbers(project.pulls) if number > last]
    again = _admissible(project, last, later) if _is_same_history(project, chain) else []
    aside = [number for number in later if number not in again]
    is_lost = bool(aside or superseded or not chain or not _reaches(project, again[-1] if again else last))
    line = _next(chain, _line_of(project, chain), superseded) if is_lost else None
    undecided = lost_decisions(project, chain, again) if line else ()
    return ServerPlan(target, False, folder, chain, last, again, aside, line, undecided, questions)


def require_sound(folder: Path, chain: Sequence[Backup]) -> None:
    """Raises FileUnusable, naming the file, where a byte of a backup is not as it was made."""
    kept = folder.parent / KEPT
    place = folder.parent.parent
    if name := damaged_file(folder, chain[0]):
        others = [number for number, one in found_backups(place).items() if one != folder]
        as_of = f"`supplysync restore-server {place} --as-of {max(others)}` takes another one" if others else ""
        raise FileUnusable(
            f"backup {chain[0].number} in `{place}` is damaged, nothing was done: `{folder / name}` is not as it was "
            f"written; {as_of or 'another folder of backups may be whole'}"
        )
    names = [name for one in chain for name in one.folders]
    documents = {name: text for one in chain for name, text in one.documents.items()}
    found = list(damages(kept, names, documents))
    if found:
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        what = found[0].removesuffix(f"; {PUT_BACK}")
        way_out = f"where the project has the file still, `supplysync backup {place} --check` copies it again"
        raise FileUnusable(
            f"backup {chain[0].number} in `{place}` is damaged, nothing was done: {what}{more}. Another folder of "
            f"backups may be whole; {way_out}"
        )


def _last_here(project: Project) -> int:
    if not project.warehouse.exists():
        return 0
    with open_warehouse(project.warehouse, project.schema) as con:
        return last_cycle(con)


def _line_of(project: Project, chain: Sequence[Backup]) -> Line | None:
    """The line that the project goes by; of a warehouse that is to be replaced nothing is asked."""
    if not chain and project.warehouse.exists():
        with open_warehouse(project.warehouse, project.schema) as con:
            return line_now(con, project)
    return line_now(None, project)


def _next(chain: Sequence[Backup], here: Line | None, superseded: Sequence[str]) -> Line:
    """The line that begins: it goes on from the backup's, the project's own, and those that an operator names."""
    lines = [one for one in (chain[0].line if chain else None, here) if one]
    known = [name for line in lines for name in (*line.ancestors, line.id)]
    return Line(new_id(), tuple(dict.fromkeys([*known, *superseded])))


def _is_same_history(project: Project, chain: Sequence[Backup]) -> bool:
    """Whether the project's cycles, as far as the backup has them too, are the same."""
    documents = {name: text for one in chain for name, text in one.documents.items() if "/cycles/" in name}
    root = project.folder / "data"
    return all(file_hash(root / name) == text for name, text in documents.items() if (root / name).exists())


def _admissible(project: Project, last: int, later: Sequence[int]) -> list[int]:
    """Those of the ``later`` cycles that are whole and follow each other."""
    found: list[int] = []
    for number in later:
        if number != last + 1 + len(found):
            break
        try:
            cycle = cycle_file.required(project.pulls, number)
            for one in cycle.pulled:
                read_manifest(project.pulls / one.path)
            list(delivery_file.deliveries_after(project.pulls, number, 0))
        except FileUnusable:
            break
        if cycle.rules_version != rules_version():
            break
        found.append(number)
    return found


def _reaches(project: Project, end: int) -> bool:
    """Whether nothing tells of cycles past the ``end``: the files of cycles go as far, and so does what was
    published."""
    try:
        return cycle_file.last_number(project.pulls) >= end >= published_cycle(project)
    except FileUnusable:
        return False
