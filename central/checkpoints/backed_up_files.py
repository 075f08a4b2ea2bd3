"""What of the kept files that a backup holds is gone from the project, or altered there: the backup gives it back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from central.checkpoints.kept_files import KeptFiles, file_hash, kept_files
from central.checkpoints.kept_list import known_backups
from central.checkpoints.manifest import Backup, found_backups, made_of
from central.project import Project
from warehouse.connection import Connection
from warehouse.ledger.change_sets import kept_from
from warehouse.retention.past import forgotten
from wire.file_errors import FileUnusable
from wire.folders import is_whole

NOTHING_REMOVED: Mapping[str, int] = {}
_NUMBER = re.compile(r"(?:e\d+-)?(\d{8})-[0-9a-f]{12}")


def first_kept(project: Project, con: Connection) -> Mapping[str, int]:
    """By folder below data (``pulls/north``), the first number of what was not removed there as it was old (B55)."""
    pulls = project.pulls.iterdir() if project.pulls.is_dir() else ()
    names = {f"pulls/{one.name}": forgotten(con).pulls_to + 1 for one in pulls}
    return names | {f"change_sets/{site}": number for site, number in kept_from(con, project.change_sets).items()}


def lacking_of(project: Project, chain: Sequence[Backup], kept_since: Mapping[str, int]) -> list[str]:
    """The names of a backup's kept files that the project has not got whole, byte by byte; none that was removed as it
    was old."""
    root, wanted = project.folder / "data", _wanted(chain, kept_since)
    documents = {name: text for one in chain for name, text in one.documents.items()}
    folders = [name for name in wanted.folders if not is_whole(root / name)]
    return sorted((*folders, *(name for name in wanted.documents if not _is_file(root / name, documents[name]))))


def backed_up_lacking(project: Project, con: Connection, *, is_thorough: bool) -> str | None:
    """That files are gone which the last backup that can be seen has, and how they come back; None where none is. Where
    ``is_thorough`` each is read, byte by byte. Raises FileUnusable where a list or a manifest cannot be read."""
    for one in reversed(known_backups(project)):
        folder = found_backups(Path(one.folder)).get(one.number)
        if folder is not None:
            chain, since = made_of(folder), first_kept(project, con)
            lacking = lacking_of(project, chain, since) if is_thorough else _gone(project, chain, since)
            return _said(project, lacking, one.folder) if lacking else None
    return None


def _gone(project: Project, chain: Sequence[Backup], kept_since: Mapping[str, int]) -> list[str]:
    gone = _wanted(chain, kept_since).without(kept_files(project.folder / "data"))
    return sorted((*gone.folders, *gone.documents))


def _wanted(chain: Sequence[Backup], kept_since: Mapping[str, int]) -> KeptFiles:
    folders = {name for one in chain for name in one.folders if not _is_old(name, kept_since)}
    return KeptFiles(frozenset(folders), frozenset(name for one in chain for name in one.documents))


def _is_old(name: str, kept_since: Mapping[str, int]) -> bool:
    place, _, last = name.rpartition("/")
    found = _NUMBER.fullmatch(last)
    return found is not None and int(found[1]) < kept_since.get(place, 0)


def _is_file(file: Path, wanted: str) -> bool:
    try:
        return file.is_file() and file_hash(file) == wanted
    except FileUnusable:
        return False


def _said(project: Project, lacking: Sequence[str], place: str) -> str:
    more = f", and {len(lacking) - 1} more kept files" if len(lacking) > 1 else ""
    return (
        f"`{project.folder / 'data' / lacking[0]}`{more}: gone or altered. Cycles go on without; the backup has them: "
        f"`supplysync restore-server {place} --files-only`"
    )
