"""The backups that a project knows of: by them it is told how old the last one is, and what may be thrown away (B55).

A file for each, `data/backups/00000001.json`, written once: `backup` enters what is in its folder, `backup forget`
takes a folder off the list.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from central.checkpoints.manifest import Backup, found_backups, read_backup
from central.project import Project
from wire import documents
from wire.file_errors import FileUnusable, naming
from wire.whole_files import write_next


@dataclass(frozen=True)
class KnownBackup:
    """A backup as the project knows it: in which folder, under which number; all up to ``last_cycle`` is in it."""

    folder: str
    number: int
    made_at: datetime
    last_cycle: int
    note: str | None

    @property
    def is_there(self) -> bool:
        """Whether its folder can be seen from here just now: a disk may be elsewhere."""
        return self.number in found_backups(Path(self.folder))


def known_backups(project: Project) -> list[KnownBackup]:
    """The backups on the list, the oldest first. Raises FileUnusable where an entry is damaged."""
    found = [_read(file) for file in _files(project)]
    return sorted(found, key=lambda one: (one.made_at, one.folder, one.number))


def enter_backups(project: Project, place: Path) -> None:
    """Puts what is in a folder of backups on the list; a second time nothing."""
    known = {(one.folder, one.number) for one in known_backups(project)}
    for number, folder in found_backups(place).items():
        if (str(place), number) not in known:
            _enter(project, place, read_backup(folder))


def forget_backups(project: Project, place: Path) -> list[KnownBackup]:
    """Takes the backups in a folder off the list, and returns them; the folder stays as it is, if it is there."""
    gone = [(file, one) for file in _files(project) if (one := _read(file)).folder == str(place)]
    for file, _ in gone:
        with naming(file):
            file.unlink(missing_ok=True)
    return [one for _, one in gone]


def _enter(project: Project, place: Path, backup: Backup) -> None:
    known = KnownBackup(str(place), backup.number, backup.made_at, backup.last_cycle, backup.note)
    content = documents.to_bytes({**asdict(known), "made_at": known.made_at.isoformat()})
    write_next(_folder(project), lambda _: content)


def _folder(project: Project) -> Path:
    return project.folder / "data" / "backups"


def _files(project: Project) -> list[Path]:
    return sorted(_folder(project).glob("[0-9]*.json"))


def _read(file: Path) -> KnownBackup:
    facts = documents.read(file)
    facts.pop("content_hash")
    try:
        return KnownBackup(**{**facts, "made_at": datetime.fromisoformat(facts["made_at"])})
    except (TypeError, ValueError, KeyError):
        raise FileUnusable(
            f"`{file}` is no backup's entry; remove it: the next `supplysync backup` enters what is there"
        ) from None
