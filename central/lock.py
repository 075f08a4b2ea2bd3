"""One cycle at a time in a project: a lock that the operating system gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wire.file_errors import naming

_held: dict[Path, int] = {}


class CycleRunning(RuntimeError):
    """Another process runs a cycle in this project."""


def take_turn(folder: Path, *, wait_s: float = 0.0) -> None:
    """Holds the project's turn until ``end_turn`` or the end of this process; taking it again is nothing.

    Raises CycleRunning where another process keeps it for longer than ``wait_s`` seconds, FileUnusable where the
    project's folder cannot be written to.
    """
    file = folder.resolve() / "data" / "cycle.lock"
    if file in _held:
        return
    with naming(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise CycleRunning(f"another cycle is running in `{folder}`; wait for it to end") from None
            time.sleep(0.2)
        else:
            _held[file] = descriptor
            return


def end_turn(folder: Path) -> None:
    """Gives the turn back."""
    descriptor = _held.pop(folder.resolve() / "data" / "cycle.lock", None)
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def in_turn(folder: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """The project's turn for as long as the body runs; raises as ``take_turn``."""
    take_turn(folder, wait_s=wait_s)
    try:
        yield
    finally:
        end_turn(folder)
