"""Whether anybody wrote into a SQLite file, told without opening it: all that a writer leaves is in its state.

Only looked at, never opened: to close a file that is open elsewhere in this process would drop its locks (B1).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy.engine import URL

_LOGS = ("-wal", "-journal")
_SETTLED_NS = 2_000_000_000
"""A file system may keep times of two seconds: what was written so lately may be written again under the same time."""


def file_mark(url: URL, folder: Path) -> str | None:
    """The state of the file that ``url`` names and of what belongs to it, as a text: another one after any write.

    None where it cannot be told: there is no file, or it was written just now.
    """
    path = (folder / (url.database or "")).resolve()
    try:
        main = path.stat()
    except OSError:
        return None
    logs = [found for suffix in _LOGS if (found := _state(path.with_name(f"{path.name}{suffix}"))) is not None]
    if max(main.st_mtime_ns, main.st_ctime_ns, *(log.st_mtime_ns for log in logs)) > time.time_ns() - _SETTLED_NS:
        return None
    # who opens a log may change its owner, and so its ctime; that of the file itself tells of a copy with its old times
    return repr([*_facts(main), main.st_ctime_ns, *(_facts(log) for log in logs)])


def _state(log: Path) -> os.stat_result | None:
    """That of a log which holds something: an empty one comes and goes with whoever opens the database."""
    try:
        found = log.stat()
    except OSError:
        return None
    return found if found.st_size else None


def _facts(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
