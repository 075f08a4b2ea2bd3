"""Removing landed pulls and change sets that are old, once a whole copy of each is in a backup (B54, B55)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from central.checkpoints.kept_list import known_backups
from central.checkpoints.manifest import KEPT, found_backups, made_of
from central.project import Project
from warehouse.connection import Connection
from warehouse.ledger.change_sets import kept_from
from warehouse.retention.past import forgotten
from wire.file_errors import FileUnusable, naming
from wire.folders import is_whole

_PULL = re.compile(r"e\d+-(\d{8})-[0-9a-f]{12}")
_CHANGE_SET = re.compile(r"(\d{8})-[0-9a-f]{12}")
_LEFT_OVER = ("pulls/*/.gone-*", "pulls/*/.draft-*", "change_sets/*/.gone-*", "change_sets/*/.draft-*")


@dataclass(frozen=True)
class OldFiles:
    """Sealed folders that nothing needs any more, by name below data (``pulls/north/e1-00000007-0a1b2c3d4e5f``), with
    their ``bytes``; ``stay``: those that would go, and are in no backup that is there and whole."""

    folders: Mapping[str, int]
    stay: int = 0

    def of_kind(self, kind: str) -> Mapping[str, int]:
        """Those of `pulls` or `change_sets`."""
        return {name: size for name, size in self.folders.items() if name.startswith(f"{kind}/")}


def old_files(con: Connection, project: Project, *, pulls_to: int | None = None) -> OldFiles:
    """The folders that may go by what the ledger forgot: pulls of cycles up to ``pulls_to`` (None: as it was decided
    last), and change sets that it knows no more. What no backup has stays."""
    root, until = project.folder / "data", forgotten(con).pulls_to if pulls_to is None else pulls_to
    pulls = _below(root, "pulls", _PULL, dict.fromkeys(_names(root / "pulls"), until + 1))
    sets = _below(root, "change_sets", _CHANGE_SET, kept_from(con, project.change_sets))
    candidates = [*pulls, *sets]
    if not candidates:
        return OldFiles({})
    kept = list(_backed_up(project))
    safe = [name for name in candidates if any(name in names and is_whole(at / name) for at, names in kept)]
    return OldFiles({name: _size(root / name) for name in safe}, len(candidates) - len(safe))


def remove_files(project: Project, old: OldFiles) -> None:
    """Removes the folders, each out of sight before it is taken apart: killed anywhere, what is left of it goes the
    next time. The caller has the project's turn. Raises FileUnusable."""
    root = project.folder / "data"
    _take_apart(root)
    for name in sorted(old.folders):
        folder = root / name
        with naming(folder):
            folder.rename(folder.with_name(f".gone-{folder.name}"))
    _take_apart(root)


def _take_apart(root: Path) -> None:
    """What is out of sight, and what was never finished."""
    for pattern in _LEFT_OVER:
        for left in sorted(root.glob(pattern)):
            shutil.rmtree(left, ignore_errors=True)


def restored_aside(project: Project) -> Mapping[str, int]:
    """What `restore-server` put out of the way, with its bytes: nobody but people can say that it is not needed."""
    found = sorted((project.folder / "data").glob("before-restore-*"))
    return {str(one.relative_to(project.folder)): _size(one) for one in found}


def _below(root: Path, kind: str, pattern: re.Pattern[str], first_kept: Mapping[str, int]) -> Iterator[str]:
    """The folders of a kind whose number is below the first that is kept of their site."""
    for site, number in sorted(first_kept.items()):
        for name in _names(root / kind / site):
            if (found := pattern.fullmatch(name)) and int(found[1]) < number:
                yield f"{kind}/{site}/{name}"


def _backed_up(project: Project) -> Iterator[tuple[Path, frozenset[str]]]:
    """Where backups that can be seen have their kept files, and which of these belong to one; the newest first."""
    seen: set[Path] = set()
    for one in reversed(known_backups(project)):
        try:
            folder = found_backups(Path(one.folder)).get(one.number)
            if folder is None or folder.parent in seen:
                continue
            seen.add(folder.parent)
            yield folder.parent / KEPT, frozenset(name for made in made_of(folder) for name in made.folders)
        except FileUnusable:
            continue


def _names(folder: Path) -> list[str]:
    with naming(folder):
        return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
