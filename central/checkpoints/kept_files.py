"""The files that never change once they are written, and that backups therefore hold once: landed pulls, cycles,
decisions, change sets."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from wire.file_errors import FileUnusable, altered, naming
from wire.folders import is_whole, unseal
from wire.whole_files import flush, flush_tree, write_whole

_FOLDERS = {
    "pulls": re.compile(r"e\d+-\d{8}-[0-9a-f]{12}"),
    "change_sets": re.compile(r"\d{8}-[0-9a-f]{12}"),
}
_DOCUMENTS = ("pulls/cycles", "pulls/decisions")
_DOCUMENT = re.compile(r"\d{8}(\.delivered-\d+)?\.json")


@dataclass(frozen=True)
class KeptFiles:
    """Names below a place's root: sealed ``folders`` (``pulls/north/e1-00000007-0a1b2c3d4e5f``), and ``documents``
    (``pulls/cycles/00000007.json``)."""

    folders: frozenset[str]
    documents: frozenset[str]

    def without(self, other: KeptFiles) -> KeptFiles:
        """Those that the other does not name."""
        return KeptFiles(self.folders - other.folders, self.documents - other.documents)

    def both(self, other: KeptFiles) -> KeptFiles:
        """Those that the other names too."""
        return KeptFiles(self.folders & other.folders, self.documents & other.documents)


def kept_files(root: Path) -> KeptFiles:
    """What is there below ``root``; no file is opened."""
    folders = [
        f"{kind}/{site.name}/{one.name}"
        for kind, pattern in _FOLDERS.items()
        for site in _inside(root / kind)
        if site.is_dir()
        for one in _inside(site)
        if pattern.fullmatch(one.name)
    ]
    documents = [
        f"{place}/{one.name}" for place in _DOCUMENTS for one in _inside(root / place) if _DOCUMENT.fullmatch(one.name)
    ]
    return KeptFiles(frozenset(folders), frozenset(documents))


def to_copy(source: Path, target: Path, wanted: KeptFiles, *, is_checked: bool) -> KeptFiles:
    """Those of the ``wanted`` files that the ``target`` lacks, or has in another size than the ``source``; where
    ``is_checked``, each of its bytes is looked at too."""
    there = wanted.both(kept_files(target))
    odd = KeptFiles(
        frozenset(name for name in there.folders if not _is_same_folder(source / name, target / name, is_checked)),
        frozenset(name for name in there.documents if not _is_same_file(source / name, target / name, is_checked)),
    )
    return wanted.without(KeptFiles(there.folders - odd.folders, there.documents - odd.documents))


def _is_same_folder(source: Path, target: Path, is_checked: bool) -> bool:
    return _sizes(source) == _sizes(target) and (not is_checked or is_whole(target))


def _is_same_file(source: Path, target: Path, is_checked: bool) -> bool:
    with naming(target):
        is_same = source.stat().st_size == target.stat().st_size
    return is_same and (not is_checked or file_hash(source) == file_hash(target))


def _sizes(folder: Path) -> dict[str, int]:
    with naming(folder):
        return {str(one.relative_to(folder)): one.stat().st_size for one in folder.rglob("*") if one.is_file()}


def copy_kept(source: Path, target: Path, wanted: KeptFiles) -> list[str]:
    """Copies files of one root to another, each whole or not at all, over what is there; those that are damaged stay
    out, and are returned.

    They are copies, no links: what happens to the bytes of the one must not happen to the other. Raises FileUnusable
    where nothing can be written.
    """
    damaged: list[str] = []
    for name in sorted(wanted.folders):
        if not _copy_folder(source / name, target / name):
            damaged.append(name)
    for name in sorted(wanted.documents):
        try:
            content = (source / name).read_bytes()
        except OSError:
            damaged.append(name)
        else:
            with naming(target):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(target / name, content)
    return damaged


def damages(root: Path, folders: Collection[str], documents: dict[str, str]) -> Iterator[str]:
    """What is not there as it was kept: a line each, naming the file."""
    for name in sorted(folders):
        try:
            unseal(root / name)
        except FileUnusable as error:
            yield str(error)
    for name, wanted in sorted(documents.items()):
        file = root / name
        if not file.is_file():
            yield f"`{file}` is gone"
        elif file_hash(file) != wanted:
            yield str(altered(file))


def file_hash(file: Path) -> str:
    """The sha256 of a file. Raises FileUnusable where it cannot be read."""
    with naming(file), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _copy_folder(source: Path, target: Path) -> bool:
    """False where the source is not whole."""
    try:
        unseal(source)
    except FileUnusable:
        return False
    draft = target.with_name(f".draft-{target.name}")
    with naming(target):
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft / target.name)
        unseal(draft / target.name)
        flush_tree(draft / target.name)
        if target.exists():  # not as it was written
            target.rename(draft / "before")
        (draft / target.name).rename(target)
        shutil.rmtree(draft)
        flush(target.parent)
    return True


def _inside(folder: Path) -> list[Path]:
    with naming(folder):
        return sorted(folder.iterdir()) if folder.is_dir() else []
