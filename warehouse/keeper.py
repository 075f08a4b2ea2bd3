"""The warehouse stays open for a moment after each use: opening its file takes as long as a small stage.

Only where somebody said so (``kept_open``), and no longer than a moment: other processes wait for it no longer than
for a stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import RLock, Timer

IDLE_S = 1.0
"""Whoever waits for the file looks for it about as often."""

_lock = RLock()
_asked: Counter[Path] = Counter()
_kept: dict[Path, tuple[ExitStack, Timer, tuple[int, int]]] = {}


@contextmanager
def kept_open(warehouse: Path) -> Iterator[None]:
    """While the body runs, the warehouse stays open for ``IDLE_S`` seconds after each use of it in this process."""
    place = warehouse.resolve()
    with _lock:
        _asked[place] += 1
    try:
        yield
    finally:
        with _lock:
            _asked[place] -= 1
            if not _asked[place]:
                let_go(warehouse)


def prolong(warehouse: Path, hold: Callable[[], AbstractContextManager[object]]) -> None:
    """Called at the end of a use: where it is kept open, for another moment. ``hold`` opens it once more."""
    place = warehouse.resolve()
    with _lock:
        if not _asked[place]:
            return
        if place in _kept:
            held, timer, file = _kept[place]
            timer.cancel()
        else:
            held, file = ExitStack(), _file(place)
            held.enter_context(hold())
        timer = Timer(IDLE_S, let_go, [warehouse])
        timer.daemon = True
        _kept[place] = (held, timer, file)
        timer.start()


def let_go(warehouse: Path) -> None:
    """Closes it, unless somebody in this process uses it just now: who does, closes it at the end."""
    with _lock:
        kept = _kept.pop(warehouse.resolve(), None)
        if kept:
            held, timer, _ = kept
            timer.cancel()
            held.close()


def let_go_if_replaced(warehouse: Path) -> None:
    """Closes it where another file has its name now, or none."""
    with _lock:
        kept = _kept.get(warehouse.resolve())
        if kept and (not warehouse.exists() or _file(warehouse) != kept[2]):
            let_go(warehouse)


def _file(place: Path) -> tuple[int, int]:
    found = place.stat()
    return found.st_dev, found.st_ino
