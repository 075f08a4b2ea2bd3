"""Folders of Parquet files that never change: written whole, named by what is in them, checked when read.

Both directions of the wire are such folders: landed pulls (P5) and change sets (M3).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from sync_rules.frame import Frame, FrameOf
from wire import documents
from wire.file_errors import PUT_BACK, FileUnusable, altered, naming
from wire.whole_files import flush, flush_tree, is_flushed_at_once

MANIFEST = "manifest.json"
_ROW_GROUP = 1 << 18

F = TypeVar("F", bound=Frame)


class SharedFrame:
    """A frame that several folders have: written in the first, linked into the others."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._file: Path | None = None
        self._hash = ""

    def put(self, path: Path) -> tuple[str, bool]:
        """Puts it at ``path``; the hash of the file, and whether it is on the disk already."""
        if self._file is not None:
            path.parent.mkdir(exist_ok=True)
            with suppress(OSError):  # a file has no more names, or only one here
                path.hardlink_to(self._file)
                return self._hash, True
        self._hash = _write(path, self.frame)
        return self._hash, False

    def is_at(self, path: Path) -> None:
        """Where it is now, whole and under its name."""
        self._file = path


def seal(
    parent: Path, prefix: str, frames: Mapping[str, pl.DataFrame | SharedFrame], facts: Mapping[str, Any]
) -> tuple[Path, str]:
    """Write ``frames`` (by relative file name) and ``facts`` as the folder ``parent/prefix-hash12``; the folder, and
    the hash of what is in it.

    The same content gives the same bytes and name; a folder that is there already is kept if it is whole, and else
    stands aside. The folder appears whole or not at all, but where many are flushed at once and the machine stops
    before. Raises FileUnusable where it cannot be written.
    """
    with naming(parent):
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
        try:
            put = {name: _put(draft / name, frames[name]) for name in sorted(frames)}
            manifest = {**facts, "files": {name: of_file for name, (of_file, _) in put.items()}}
            written, content_hash = documents.hashed(manifest)
            (draft / MANIFEST).write_bytes(written)
            if not is_flushed_at_once():
                flush_tree(draft, but=[draft / name for name, (_, is_flushed) in put.items() if is_flushed])
            folder = _publish(draft, parent / f"{prefix}-{content_hash[:12]}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    for name, frame in frames.items():
        if isinstance(frame, SharedFrame):
            frame.is_at(folder / name)
    return folder, content_hash


def unseal(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed folder. Raises FileUnusable where any byte of it is not as it was written."""
    manifest = documents.read(folder / MANIFEST)
    if not folder.name.endswith(f"-{manifest['content_hash'][:12]}"):
        raise altered(folder / MANIFEST)
    found = set(_files(folder))
    if found != manifest["files"].keys():
        odd = sorted(found ^ manifest["files"].keys())
        raise FileUnusable(f"`{folder}` has files missing or added: {', '.join(odd)}; {PUT_BACK}")
    for name, wanted in manifest["files"].items():
        with naming(folder / name):
            content = (folder / name).read_bytes()
        if _hash(content) != wanted:
            raise altered(folder / name)
    return manifest


def is_whole(folder: Path) -> bool:
    """Whether a sealed folder is there, and as it was written."""
    try:
        unseal(folder)
    except FileUnusable:
        return False
    return True


def _files(folder: Path) -> Iterator[str]:
    below = len(str(folder)) + 1
    for place, _, names in os.walk(folder):
        within = place[below:].replace(os.sep, "/")
        yield from (f"{within}/{name}" if within else name for name in names if name != MANIFEST)


def _put(path: Path, frame: pl.DataFrame | SharedFrame) -> tuple[str, bool]:
    return frame.put(path) if isinstance(frame, SharedFrame) else (_write(path, frame), False)


def _write(path: Path, frame: pl.DataFrame) -> str:
    path.parent.mkdir(exist_ok=True)
    try:
        # one chunk and a fixed row group, so that the bytes depend on the rows alone
        frame.rechunk().write_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
    except pl.exceptions.ComputeError as error:  # a full disk, in other words
        raise OSError(str(error)) from error
    return _hash(path.read_bytes())


def _publish(draft: Path, final: Path) -> Path:
    draft.chmod(0o755)
    if final.exists() and not is_whole(final):
        aside = Path(tempfile.mkdtemp(prefix=f".damaged-{final.name}-", dir=final.parent))
        final.rename(aside / final.name)
    if not final.exists():
        try:
            draft.rename(final)
        except OSError:
            # another process wrote the same content in the meantime
            if not final.exists():
                raise
        if not is_flushed_at_once():
            flush(final.parent)
    return final


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def kept_frame(path: Path, files: Collection[str], name: str, frame: type[F]) -> FrameOf[F]:
    """The frame ``name`` of a sealed folder, by its ``files``; without rows where it was sealed without."""
    return frame.take(pl.read_parquet(path / name, glob=False)) if name in files else frame.empty()
