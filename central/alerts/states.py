"""The states that somebody may want to be told of, as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from central.project import Project
from sync_rules.screen import visible
from sync_rules.topology.alerts import Alarm
from warehouse.connection import Connection
from warehouse.ledger.visits import site_alarms

CYCLE, FILE = "cycle", "topology.toml"
"""What a state may be of besides a site, which is named by its code."""

_LONGEST = 300


@dataclass(frozen=True)
class AlarmState:
    """A state: which, of what (a site by its code, ``CYCLE`` or ``FILE``), and in words."""

    alarm: Alarm
    subject: str
    words: str


def project_states(con: Connection, project: Project, now: datetime) -> list[AlarmState]:
    """The states of the sites and of topology.toml at ``now``."""
    zone = ZoneInfo(project.topology.time_zone)
    found = [state for row in site_alarms(con, now) for state in _of_site(row, zone)]
    if waits := project.waits_for_apply:
        found.append(AlarmState(Alarm.UNAPPLIED, FILE, _short(waits)))
    return found


def cycle_state(trouble: str) -> AlarmState:
    """The state that a cycle could not begin, or not go on, whatever its sites did."""
    return AlarmState(Alarm.FAILURE, CYCLE, f"a cycle could not begin or not go on: {_short(trouble)}")


def _of_site(row: dict[str, Any], zone: ZoneInfo) -> Iterator[AlarmState]:
    code = row["site_code"]
    if row["is_overdue"]:
        heard = row["last_contact_at"]
        since = f"not heard of since {heard.astimezone(zone):%Y-%m-%d %H:%M} {zone}" if heard else "never heard of"
        yield AlarmState(Alarm.OVERDUE, code, since)
    if row["status"] == "error":
        yield AlarmState(Alarm.FAILURE, code, _short(row["last_error"] or "failed"))
    if row["rejected"]:
        yield AlarmState(Alarm.REJECTED, code, f"{row['rejected']:,} rejected, and nobody has dealt with them")
    held = [f"{row[key]:,} {what}" for key, what in _HELD.items() if row[key]]
    if held:
        yield AlarmState(Alarm.HELD, code, f"{' and '.join(held)} held, until `supplysync release {code} --reason WHY`")


_HELD = {"held_removals": "removals", "held_changes": "changes"}


def _short(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
