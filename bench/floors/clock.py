"""How long work takes, and how much memory: the clock of every benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Spent(Generic[Result]):
    """What work returned, its seconds by the clock and of this process's processors, and the most memory meanwhile."""

    result: Result
    seconds: float
    cpu: float
    peak_mb: int


def spent(work: Callable[[], Result]) -> Spent[Result]:
    """Does ``work``."""
    reset_peak()
    before = time.process_time()
    result, seconds = timed(work)
    return Spent(result, seconds, time.process_time() - before, peak_mb())


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What ``work`` returns, and how long it took in seconds."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def reset_peak() -> None:
    """From now on ``peak_mb`` is of what comes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mb() -> int:
    """The most memory that this process had since the reset, in MB."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
