"""The folder of published snapshots: names, files that come to stay, the pointers, what is left of a killed
publication.

``NNNNNNNN.duckdb`` and the folder ``NNNNNNNN`` are a snapshot; ``current.duckdb`` and ``current`` point to the one that
is current. What is being written has a name that begins with a dot.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest
from wire.whole_files import flush, flush_tree, write_whole

_OURS = re.compile(r"\.\d{8}(\.duckdb)?\.writing(\.wal|\.tmp)?|\.current(\.duckdb)?\.writing")
_NUMBERED = re.compile(r"(\d{8})(\.duckdb)?")


@dataclass(frozen=True)
class Writing:
    """A snapshot while it is written: where, and where it will be."""

    published: Path
    number: int

    @property
    def database(self) -> Path:
        """The database, not finished."""
        return self.published / f".{self.number:08d}.duckdb.writing"

    @property
    def folder(self) -> Path:
        """The folder of its Parquet files and manifest, not finished."""
        return self.published / f".{self.number:08d}.writing"

    @property
    def snapshot(self) -> Snapshot:
        """What it will be."""
        return Snapshot(self.number, self.published / f"{self.number:08d}.duckdb")


def begin(published: Path, number: int) -> Writing:
    """Removes what killed publications left, and makes the folder of a new one."""
    published.mkdir(parents=True, exist_ok=True)
    remove_leftovers(published)
    writing = Writing(published, number)
    writing.folder.mkdir()
    return writing


def remove_leftovers(published: Path) -> None:
    """Removes what is unfinished, and snapshots that never became current."""
    try:
        announced = current(published).number
    except NothingPublished:
        announced = None
    for path in sorted(published.iterdir()):
        number = _NUMBERED.fullmatch(path.name)
        is_newer = number is not None and announced is not None and int(number.group(1)) > announced
        if is_newer or _OURS.fullmatch(path.name):
            _remove(path)


def last_number(published: Path) -> int:
    """The highest number that any file or folder has; 0 where there is none."""
    found = [_NUMBERED.fullmatch(path.name) for path in published.iterdir()] if published.is_dir() else []
    return max((int(one.group(1)) for one in found if one), default=0)


def write_manifest(writing: Writing, document: Mapping[str, Any]) -> None:
    """Writes manifest.json beside the Parquet files."""
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    write_whole(writing.folder / "manifest.json", text)


def announce(writing: Writing) -> None:
    """Makes the snapshot durable under its name, and then the current one: the pointers turn last (W1)."""
    flush(writing.database)
    flush_tree(writing.folder)
    writing.folder.rename(writing.published / f"{writing.number:08d}")
    writing.database.rename(writing.snapshot.path)
    flush(writing.published)
    _point(writing.published, "current.duckdb", writing.snapshot.path.name)
    _point(writing.published, "current", writing.snapshot.path.stem)
    flush(writing.published)


def _point(published: Path, name: str, target: str) -> None:
    if (published / name).is_dir() and not (published / name).is_symlink():
        raise OSError(f"`{published / name}` is a folder, as a copy makes of a link: remove it")
    unfinished = published / f".{name}.writing"
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(target)
    unfinished.rename(published / name)


def copy(source: Path, target: Path) -> None:
    """Copies a file within the kernel; a file system that can shares the blocks and copies nothing."""
    with source.open("rb") as reading, target.open("xb") as writing:
        left = os.fstat(reading.fileno()).st_size
        while left:
            try:
                done = os.copy_file_range(reading.fileno(), writing.fileno(), left)
            except OSError:  # not on this file system
                shutil.copyfile(source, target)
                return
            if not done:
                raise OSError(f"`{source}` became shorter while it was copied")
            left -= done


def described(path: Path) -> dict[str, Any]:
    """Size in bytes and sha256 of a file."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def is_whole(snapshot: Snapshot) -> bool:
    """Whether the database has the size that its manifest says."""
    known = manifest(snapshot)
    return known is not None and snapshot.path.is_file() and snapshot.path.stat().st_size == known["database"]["bytes"]


def remove(snapshot: Snapshot) -> None:
    """Removes a snapshot; who has it open reads on."""
    _remove(snapshot.path)
    _remove(snapshot.path.with_suffix(""))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
