"""Other processes of our own: forked from one that has everything imported, so that each begins at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Any

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["central.cycle.run", "central.project", "warehouse.snapshots.publish", "tests.central.small_network"]
)


def begin(target: Callable[..., Any], *given: Any) -> ForkServerProcess:
    """Another process that calls a function of a module, by its name there."""
    process = _FORKS.Process(target=target, args=given)
    process.start()
    return process


def end_of(target: Callable[..., Any], *given: Any, wait_s: float = 60) -> int | None:
    """The exit code of such a process, negative for the signal that ended it; None where it is not over in time."""
    process = begin(target, *given)
    process.join(wait_s)
    if process.is_alive():
        process.kill()
        return None
    return process.exitcode
