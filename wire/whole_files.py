"""Files that are there whole or not at all, whatever happens while they are written.

A file is written beside its place under a name that begins with a dot, has to be on the disk, and only then gets its
name; the name is on the disk too before anything refers to it. Who is killed on the way leaves at most the dotted file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from wire.file_errors import naming

# what a file system answers that does not let folders be flushed: some shares and FUSE
_NOT_FLUSHED_HERE = {errno.EINVAL, errno.ENOTSUP}


MANY = 50
"""From so many folders on one request to the system is faster than one or more for each of their files."""

_IS_AT_ONCE: ContextVar[bool] = ContextVar("is_at_once", default=False)


@contextmanager
def flushing_at_once(folders: int) -> Iterator[None]:
    """The ``folders`` that are sealed in the body are on the disk when it has ended, by one request where they are
    many: until then nothing may refer to them."""
    if folders < MANY:
        yield
        return
    before = _IS_AT_ONCE.set(True)
    try:
        yield
    finally:
        _IS_AT_ONCE.reset(before)
    os.sync()


def is_flushed_at_once() -> bool:
    """Whether what is sealed now is flushed with others."""
    return _IS_AT_ONCE.get()


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a file whole; one of that name is replaced in one moment. Text is written as UTF-8.

    Raises FileUnusable where that cannot be.
    """
    with naming(path):
        draft = _draft(path)
        try:
            _fill(draft, content)
            draft.replace(path)
        finally:
            _forget(draft)
        flush(path.parent)


def write_first(path: Path, content: bytes | str) -> bool:
    """Writes a file whole if none has its name yet; False, with nothing changed, where one has.

    Of several processes that try at once, one gets True. Raises FileUnusable where it cannot be written.
    """
    with naming(path):
        draft = _draft(path)
        try:
            _fill(draft, content)
            path.hardlink_to(draft)
        except FileExistsError:
            return False
        finally:
            _forget(draft)
        flush(path.parent)
    return True


def write_next(folder: Path, content: Callable[[int], bytes | str]) -> int:
    """Writes the next of a folder's numbered documents (`00000007.json`), what ``content`` makes of its number, and
    returns that; makes the folder if need be. Of several processes that try at once each gets a number of its own.
    Raises FileUnusable where it cannot be written."""
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    while True:
        number = max((int(file.stem) for file in folder.glob("[0-9]*.json")), default=0) + 1
        if write_first(folder / f"{number:08d}.json", content(number)):
            return number


def flush(path: Path) -> None:
    """Has the file, or the names in the folder, on the disk before anything refers to it."""
    is_folder = path.is_dir()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not is_folder or error.errno not in _NOT_FLUSHED_HERE:
            raise
    finally:
        os.close(descriptor)


def flush_tree(folder: Path, *, but: Collection[Path] = ()) -> None:
    """Has everything in a folder on the disk, and the folder itself: it may get its name then. ``but``: files of it
    that are there already, under another name."""
    for path in sorted(folder.rglob("*")):
        if path not in but:
            flush(path)
    flush(folder)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _forget(draft: Path) -> None:
    """Where its folder is none there is no draft either, and what was wrong is told already."""
    with suppress(OSError):
        draft.unlink(missing_ok=True)


def _fill(draft: Path, content: bytes | str) -> None:
    draft.write_bytes(content if isinstance(content, bytes) else content.encode())
    flush(draft)
