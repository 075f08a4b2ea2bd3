"""A round of telling: which states began and which are over since the last one, told and remembered."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from central.alerts.hook import HookFailed, send
from central.alerts.memory import AlertMemory, Subject, alone, recall, remember
from central.alerts.messages import Telling, beginnings, ends, trial
from central.alerts.states import CYCLE, AlarmState, cycle_state, project_states
from central.project import Project
from sync_rules.screen import unexpected
from warehouse.connection import WarehouseBusy, open_warehouse
from wire.file_errors import FileUnusable

UNKNOWN = object()
"""In place of what went wrong with the last cycle: that cannot be told from here."""

_WAIT_S = 5.0


@dataclass(frozen=True)
class _Seen:
    """What stands, and of what it could be seen: of sites and topology.toml, of the last cycle."""

    states: Sequence[AlarmState]
    of_sites: bool
    of_cycle: bool

    def is_over(self, key: Subject) -> bool:
        """Whether a state that was told stands no longer, as far as that can be seen."""
        is_seen = self.of_cycle if key[1] == CYCLE else self.of_sites
        return is_seen and key not in {(one.alarm, one.subject) for one in self.states}


def tell_operators(project: Project, now: datetime, cycle_trouble: object = UNKNOWN) -> str | None:
    """Tells what began and what is over, of the events that `[alerts]` names; each state once.

    ``cycle_trouble``: why the last cycle could not begin or not go on, None where it could. Returns what is wrong with
    the hook. Raises nothing, and takes no longer than `timeout_seconds` and the time to look: no cycle fails, nor
    waits, because of it. What was not told is told in the next round.
    """
    if not project.topology.alerts.is_wanted:
        return None
    try:
        with alone(project.folder) as is_alone:
            return _round(project, now, cycle_trouble) if is_alone else None
    except WarehouseBusy:
        return None  # whoever has it open tells what it finds
    except FileUnusable as error:
        return str(error)
    except Exception as error:  # nothing that goes wrong here may fail a cycle
        return unexpected(error)


def try_hook(project: Project, now: datetime) -> str | None:
    """Sends a message that tells of nothing. Returns what is wrong with the hook. Raises FileUnusable where what came
    of it cannot be kept."""
    trouble = None
    try:
        send(project, trial(project, now), project.topology.alerts.timeout_seconds)
    except HookFailed as error:
        trouble = str(error)
    remember(project.folder, replace(recall(project.folder), trouble=trouble))
    return trouble


def _round(project: Project, now: datetime, cycle_trouble: object) -> str | None:
    memory, events = recall(project.folder), project.topology.alerts.events
    seen = _look(project, now, cycle_trouble)
    told = {key: since for key, since in memory.told.items() if key[0] in events}
    begun = [one for one in seen.states if one.alarm in events and (one.alarm, one.subject) not in told]
    over = {key: since for key, since in told.items() if seen.is_over(key)}
    tellings = [*beginnings(project, begun, now), *ends(project, over, now)]
    if tellings:
        return _tell(project, replace(memory, told=told), tellings, now)
    if told != memory.told:
        remember(project.folder, replace(memory, told=told))
    return memory.trouble


def _look(project: Project, now: datetime, cycle_trouble: object) -> _Seen:
    states = [cycle_state(cycle_trouble)] if isinstance(cycle_trouble, str) else []
    is_known = cycle_trouble is not UNKNOWN
    try:
        with open_warehouse(project.warehouse, project.schema, wait_s=_WAIT_S) as con:
            return _Seen([*states, *project_states(con, project, now)], of_sites=True, of_cycle=is_known)
    except FileUnusable as error:  # no cycle can begin like this
        return _Seen(states or [cycle_state(str(error))], of_sites=False, of_cycle=True)


def _tell(project: Project, memory: AlertMemory, tellings: Sequence[Telling], now: datetime) -> str | None:
    remember(project.folder, memory)  # who cannot remember would tell it again each time
    told: Mapping[Subject, datetime] = memory.told
    deadline, trouble = time.monotonic() + project.topology.alerts.timeout_seconds, None
    for telling in tellings:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            send(project, telling.message, left)
        except HookFailed as error:
            trouble = str(error)
            break
        told = telling.after(told, now)
    remember(project.folder, AlertMemory(told, trouble))
    return trouble
