"""How old a snapshot is when it is looked at: whatever is old must say so, or it passes for today's (W4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OLD = timedelta(days=1)
OUT_OF_DATE = timedelta(days=7)
"""From such an age on, a snapshot is old, and out of date: pages say it in amber, and in red."""


@dataclass(frozen=True)
class Age:
    """Whole ``days`` since the moment the reports speak of; ``state`` is current, old or out_of_date."""

    seconds: int
    days: int
    state: str


def age(as_of_at: datetime, now: datetime) -> Age:
    """The age at a moment; never below zero, however the clocks are set."""
    passed = max(now - as_of_at, timedelta(0))
    state = "out_of_date" if passed > OUT_OF_DATE else "old" if passed > OLD else "current"
    return Age(int(passed.total_seconds()), passed.days, state)
