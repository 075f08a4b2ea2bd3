"""Which snapshots stay: the newest, and the last of each of the last months (B16)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.snapshots import files
from warehouse.snapshots.current import NothingPublished, current, manifest, snapshots

NEWEST = 7
MONTHS = 12


def kept(days: Mapping[int, date | None], today: date) -> set[int]:
    """The numbers that stay of the snapshots ``days``, which maps each number to the day it speaks of, if that is
    known.

    Those are the seven newest, and the last of each of the twelve months up to that of ``today``.
    """
    last_of: dict[int, int] = {}
    for number, day in sorted(days.items()):
        if day is not None:
            last_of[day.year * 12 + day.month] = number
    this_month = today.year * 12 + today.month
    monthly = {number for month, number in last_of.items() if this_month - month < MONTHS}
    return monthly | set(sorted(days)[-NEWEST:])


def prune(folder: Path, now: datetime) -> tuple[int, ...]:
    """Removes what does not stay, never the current one; the numbers removed. Who has one open reads on."""
    found = {snapshot.number: snapshot for snapshot in snapshots(folder)}
    said = {number: manifest(snapshot) for number, snapshot in found.items()}
    days = {number: _day(one) for number, one in said.items()}
    try:
        number = current(folder).number
    except NothingPublished:
        return ()
    about = said.get(number)
    zone = ZoneInfo(about["time_zone"]) if about else None  # the current one's was just written
    stay = kept(days, (now.astimezone(zone)).date()) | {number}
    gone = []
    for one in sorted(found.keys() - stay):
        with suppress(OSError):  # what cannot be removed now is removed by the next publication
            files.remove(found[one])
            gone.append(one)
    return tuple(gone)


def _day(about: Mapping[str, Any] | None) -> date | None:
    """The day a snapshot speaks of; None where its manifest is not there or damaged."""
    try:
        return date.fromisoformat(about["as_of_date"]) if about else None
    except (KeyError, TypeError, ValueError):
        return None
