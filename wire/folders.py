"""Folders of Parquet files that never change: written whole, named by what is in them, checked when read.

Both directions of the wire are such folders: landed pulls (P5) and change sets (M3).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from wire.whole_files import flush, flush_tree

MANIFEST = "manifest.json"
_ROW_GROUP = 1 << 18


def seal(parent: Path, prefix: str, frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> Path:
    """Write ``frames`` (by relative file name) and ``facts`` as the folder ``parent/prefix-hash12``.

    The same content gives the same bytes and name; a folder that is there already is kept.
    The folder appears whole or not at all.
    """
    parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
    try:
        files = {name: _write(draft / name, frames[name]) for name in sorted(frames)}
        manifest = {**facts, "files": files}
        digest = content_hash(manifest)
        (draft / MANIFEST).write_bytes(_json({**manifest, "content_hash": digest}))
        return _publish(draft, parent / f"{prefix}-{digest[:12]}")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def unseal(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed folder. Raises ValueError where any byte of it is not as it was written."""
    manifest = _manifest(folder)
    digest = manifest.pop("content_hash", "")
    if digest != content_hash(manifest) or not folder.name.endswith(f"-{digest[:12]}"):
        raise ValueError(f"`{folder / MANIFEST}` was changed after it was written")
    found = set(_files(folder))
    if found != manifest["files"].keys():
        odd = sorted(found ^ manifest["files"].keys())
        raise ValueError(f"`{folder}` has files missing or added: {', '.join(odd)}")
    for name, wanted in manifest["files"].items():
        if _hash((folder / name).read_bytes()) != wanted:
            raise ValueError(f"`{folder / name}` was changed after it was written")
    return {**manifest, "content_hash": digest}


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise ValueError(f"`{folder}` has no {MANIFEST}") from None
    except ValueError:
        raise ValueError(f"`{folder / MANIFEST}` was changed after it was written") from None
    return manifest


def content_hash(manifest: Mapping[str, Any]) -> str:
    """The sha256 of a manifest without its hash; the manifest holds the hash of every file."""
    return _hash(_json(manifest))


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder).as_posix()


def _write(path: Path, frame: pl.DataFrame) -> str:
    path.parent.mkdir(exist_ok=True)
    # one chunk and a fixed row group, so that the bytes depend on the rows alone
    frame.rechunk().write_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
    return _hash(path.read_bytes())


def _publish(draft: Path, final: Path) -> Path:
    flush_tree(draft)
    draft.chmod(0o755)
    if not final.exists():
        try:
            draft.rename(final)
        except OSError:
            # another process wrote the same content in the meantime
            if not final.exists():
                raise
        flush(final.parent)
    return final


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
