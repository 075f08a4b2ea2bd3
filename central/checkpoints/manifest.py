"""What a backup of central is: its folder beside the kept files that backups share, and what it says of itself.

``DIR/line-0a1b2c3d4e5f/backup-00000003`` holds the warehouse, topology.toml, people's saved questions (``reports``)
and the manifest, ``kept`` beside it what never changes: pulls, cycles, decisions and change sets, each once. A manifest
names what its backup was the first to need, and the backup before it: all of these together are what it is made of. A
server that was restored has another line, and its cycles other numbers' contents: they are in a folder of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from central.checkpoints.kept_files import file_hash
from wire import documents
from wire.file_errors import FileUnusable, altered, naming
from wire.line import Line

WAREHOUSE, TOPOLOGY, MANIFEST = "working.duckdb", "topology.toml", "manifest.json"
KEPT, QUESTIONS = "kept", "reports"
_NAME = re.compile(r"backup-(\d{8})")


@dataclass(frozen=True)
class Backup:
    """A backup as its manifest has it. ``line``: the server's line then (B53); ``before``: the number
    of the one before it in the same folder, if any. ``files``: sha256 of the warehouse, of topology.toml
    and of each saved question; ``tables``: a hash of what each table of the warehouse held, by name (B54).

    ``folders`` and ``documents`` (with sha256): what it was the first to need of the kept files, below `kept`;
    ``left_out``: what was damaged when it was made, and is in no backup; saved questions that could not be read, too.
    """

    number: int
    before: int | None
    made_at: datetime
    version: str
    note: str | None
    last_cycle: int
    rules_version: str
    line: Line
    files: Mapping[str, str]
    tables: Mapping[str, str]
    folders: Sequence[str]
    documents: Mapping[str, str]
    left_out: Sequence[str]

    def written(self) -> bytes:
        """The manifest, with the hash of all that it says."""
        facts = {**asdict(self), "made_at": self.made_at.isoformat(), "line": self.line.facts()}
        return documents.to_bytes(facts)


def line_folder(place: Path, line: Line) -> Path:
    """Where the backups of a line are, in the folder of backups."""
    return place / f"line-{line.id[:12]}"


def found_backups(place: Path) -> dict[int, Path]:
    """The folders of the backups that are in a folder of backups, by number; none where there is no such folder."""
    with naming(place):
        paths = sorted(place.glob("line-*/backup-*")) if place.is_dir() else []
    found = {int(name[1]): path for path in paths if (name := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))


def read_backup(folder: Path) -> Backup:
    """What a backup says of itself. Raises FileUnusable where its manifest is gone or not as it was written."""
    file = folder / MANIFEST
    facts = documents.read(file)
    facts.pop("content_hash")
    try:
        made_at = datetime.fromisoformat(facts["made_at"])
        return Backup(**{**facts, "made_at": made_at, "line": Line.of(facts["line"])})
    except (KeyError, TypeError, ValueError):
        raise altered(file) from None


def made_of(folder: Path) -> list[Backup]:
    """A backup and those before it, which hold kept files of its own; itself first. Raises FileUnusable where a
    manifest is gone or altered."""
    chain = [read_backup(folder)]
    while (before := chain[-1].before) is not None:
        chain.append(read_backup(folder.with_name(name_of(before))))
    return chain


def damaged_file(folder: Path, backup: Backup) -> str | None:
    """The first of a backup's own files that is gone or not as it was written; None where it is whole."""
    for name, wanted in sorted(backup.files.items()):
        if not (folder / name).is_file() or file_hash(folder / name) != wanted:
            return name
    return None


def damaged_backups(place: Path) -> dict[int, Path]:
    """The backups in a folder of which an own file is damaged, by number; each is read, byte by byte."""
    found: dict[int, Path] = {}
    for number, folder in found_backups(place).items():
        try:
            name = damaged_file(folder, read_backup(folder))
        except FileUnusable:
            name = MANIFEST
        if name:
            found[number] = folder / name
    return found


def name_of(number: int) -> str:
    """The name of a backup's folder."""
    return f"backup-{number:08d}"
