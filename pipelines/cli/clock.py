"""One clock for people: moments are shown where the network is, and the zone is named; JSON has them in ISO."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_now_shown: list[tuple[str, tzinfo]] = [("UTC", UTC)]


def show_times_of(name: str) -> None:
    """From now on moments are shown in the time zone of this name: a network's."""
    _now_shown[0] = (name, ZoneInfo(name))


def zone_shown() -> str:
    """The name of the zone in which moments are shown."""
    return _now_shown[0][0]


def moment(at: datetime) -> str:
    """A moment to the minute, in that zone, which is named elsewhere: in the title of a table."""
    return f"{at.astimezone(_now_shown[0][1]) if at.tzinfo else at:%Y-%m-%d %H:%M}"


def moment_named(at: datetime) -> str:
    """The same with the name of the zone, to stand in a sentence."""
    return f"{moment(at)} {zone_shown()}"
