"""What DuckDB says of a database file that it cannot use, in one line: which file, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from wire.file_errors import FileUnusable

_OF_FILES = (duckdb.IOException, duckdb.FatalException, duckdb.SerializationException, duckdb.InternalException)


@contextmanager
def warehouse_named(path: Path) -> Iterator[None]:
    """Raises FileUnusable, with DuckDB's words and what to do, where the body cannot use the warehouse's file."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, _OF_FILES) or is_corrupt(error):
            reason = str(error).partition("\n")[0]
            raise FileUnusable(f"the warehouse `{path}` cannot be used: {reason}; {_cure(path, reason)}") from error
        raise


@contextmanager
def snapshot_named(path: Path) -> Iterator[None]:
    """The same of the file of a snapshot, which can be made again."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, _OF_FILES) or is_corrupt(error):
            reason = str(error).partition("\n")[0]
            cure = "run `supplysync warehouse publish --full`"
            raise FileUnusable(f"the snapshot `{path}` cannot be used: {reason}; {cure}") from error
        raise


def is_corrupt(error: duckdb.Error) -> bool:
    """Whether a block of the file is not as it was written: DuckDB has no class of its own for that."""
    return "Corrupt database file" in str(error)


def _cure(path: Path, reason: str) -> str:
    if "WAL file" in reason:
        return f"`{path.name}.wal` belongs to another file: move it away, and run it again"
    if "version number" in reason:
        return "a newer DuckDB wrote it: run the version of supplysync that did, or put back a backup of the file"
    if any(word in reason for word in ("No space left", "File too large", "Disk quota", "Could not write")):
        return "make room on its disk, and run it again: nothing is lost"
    if any(word in reason for word in ("Permission denied", "Read-only", "read-only")):
        return "let the user who runs this write there; is the disk mounted read-only?"
    return (
        f"put back a backup of it, or move it away with `{path.name}.wal`: the next `supplysync sync` makes it again "
        "from data/pulls; `supplysync restore-server DIR` puts back one that `supplysync backup` made"
    )
