"""How long work takes: the clock of every benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What ``work`` returns, and how long it took in seconds."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began
