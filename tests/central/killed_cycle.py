"""Runs one cycle that is killed at a named point, for a process of its own.

A point is a function and a side of it. The process is ended by SIGKILL: nothing of ours runs after it.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.central.small_network import NOW

POINTS = {
    "after a pull was landed, before the cycle's file": ("central.cycle_file", "write", "before"),
    "after the cycle's file, before admission": ("central.cycle.stages", "admit", "before"),
    "in admission, after replicas were merged": ("central.cycle.admit", "rehome", "before"),
    "in admission, after responding halves were made": ("central.cycle.admit", "transfer", "after"),
    "in admission, before its commit": ("warehouse.ledger.visits", "enter_visits", "after"),
    "after admission, before routing": ("central.cycle.stages", "make_change_sets", "before"),
    "after change sets were renamed into place, before they are registered": (
        "warehouse.ledger.change_sets",
        "register",
        "before",
    ),
    "after routing, before delivery": ("central.cycle.stages", "deliver_change_sets", "before"),
    "in a delivery, before the site's commit": ("sites.deliver.write", "_remove", "after"),
    "in a delivery, after halves got their numbers": ("sites.own_edits.after_delivery", "carry_out", "after"),
    "after the site's commit, before its answer is a file": ("central.delivery_file", "write_deliveries", "before"),
    "after its answer is a file, before it is recorded": ("central.cycle.deliver", "_record", "before"),
    "after the answers were recorded": ("central.cycle.stages", "deliver_change_sets", "after"),
}
OF_ONE_WAY = {
    "in the next epoch, before it is read": ("sites.capture.identity", "begin_epoch", "after"),
    "once it was claimed, before it is read": ("sites.capture.identity", "claim", "after"),
}
"""Points that a cycle comes to where a site is let in again, or its database is new."""
LONG = (
    "after a pull was landed, before the cycle's file",
    "after the cycle's file, before admission",
    "in admission, after responding halves were made",
    "after its answer is a file, before it is recorded",
    "in admission, after replicas were merged",
    "after admission, before routing",
    "after routing, before delivery",
    "after the answers were recorded",
    "in admission, before its commit",
    "in a delivery, after halves got their numbers",
)
"""Points between others that are tried all the same."""


def kill_at(module: str, name: str, side: str) -> None:
    """Replaces the function by one that ends this process before or after it runs."""
    owner = importlib.import_module(module)
    original: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(original)
    def killed(*args: Any, **options: Any) -> None:
        if side == "after":
            original(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)


def killed_cycle(folder: str, point: str) -> None:
    """One cycle over the project in ``folder``, killed at ``point``."""
    from central.cycle import run
    from central.project import load

    kill_at(*(POINTS | OF_ONE_WAY)[point])
    run.run_cycle(load(Path(folder)).as_wanted(), now=NOW)
