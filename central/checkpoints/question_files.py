"""The files of saved questions in a backup: they change and are few, so each backup has all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from central.checkpoints.kept_files import file_hash
from central.checkpoints.manifest import QUESTIONS, Backup
from wire.file_errors import FileUnusable, naming
from wire.whole_files import write_whole


def copy_questions(source: Path, target: Path) -> tuple[list[str], list[str]]:
    """Copies the questions of a project's folder, also those that cannot be answered, into a backup. Returns the
    names of those copied, below the backup, and of those that cannot be read."""
    copied: list[str] = []
    left_out: list[str] = []
    for file in _sql_files(source):
        name = os.fsencode(f"{QUESTIONS}/{file.name}").decode("utf-8", "replace")
        try:
            content = file.read_bytes()
        except OSError:
            left_out.append(name)
            continue
        with naming(target):
            (target / QUESTIONS).mkdir(exist_ok=True)
        write_whole(target / name, content)
        copied.append(name)
    return copied, left_out


def differing_questions(folder: Path, backup: Backup) -> list[str]:
    """The backup's questions, named below the project's ``folder``, that are not there as the backup has them; none of
    a backup from before questions were in it."""
    wanted = sorted((name, text) for name, text in backup.files.items() if name.startswith(f"{QUESTIONS}/"))
    return [name for name, text in wanted if not _is_held(folder / name, text)]


def _sql_files(folder: Path) -> Iterator[Path]:
    with naming(folder):
        found = sorted(folder.glob("*.sql")) if folder.is_dir() else []
    yield from (one for one in found if one.is_file())


def _is_held(file: Path, wanted: str) -> bool:
    try:
        return file.is_file() and file_hash(file) == wanted
    except FileUnusable:
        return False
