"""What is told, in words: one message for all states of one event that begin, or are over, at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from central.alerts.hook import Message
from central.alerts.memory import Subject
from central.alerts.states import CYCLE, AlarmState
from central.project import Project
from sync_rules.for_people.runbooks import ALARMS, CYCLE_FAILED, page_path, to_read
from sync_rules.topology.alerts import Alarm

BEGINS, OVER, TRIAL = "begins", "over", "test"
_LISTED = 20


@dataclass(frozen=True)
class Telling:
    """A message, and the states that it tells of."""

    message: Message
    keys: Sequence[Subject]

    def after(self, told: Mapping[Subject, datetime], now: datetime) -> Mapping[Subject, datetime]:
        """What is told once it was."""
        if self.message.state == OVER:
            return {key: since for key, since in told.items() if key not in self.keys}
        return {**told, **dict.fromkeys(self.keys, now)}


def beginnings(project: Project, begun: Sequence[AlarmState], now: datetime) -> Iterator[Telling]:
    """What to tell of states that began."""
    words = {(one.alarm, one.subject): one.words for one in begun}
    yield from _tellings(project, BEGINS, words, now)


def ends(project: Project, over: Mapping[Subject, datetime], now: datetime) -> Iterator[Telling]:
    """What to tell of states that are over; by each, since when it was told to stand."""
    zone = ZoneInfo(project.topology.time_zone)
    words = {key: f"over; it was told at {since.astimezone(zone):%Y-%m-%d %H:%M} {zone}" for key, since in over.items()}
    yield from _tellings(project, OVER, words, now)


def trial(project: Project, now: datetime) -> Message:
    """A message that tells of nothing."""
    text = f"supplysync, {project.folder.name}: a test. Nothing is wrong; alerts arrive here"
    return Message(TRIAL, TRIAL, (), text, page_path("alerts"), project.folder.name, now.isoformat())


def _tellings(project: Project, state: str, words: Mapping[Subject, str], now: datetime) -> Iterator[Telling]:
    for (alarm, page), group in groupby(sorted(words, key=lambda key: (*_kind(key), key[1])), key=_kind):
        keys = list(group)
        lines = [f"{subject}: {words[alarm, subject]}" for alarm, subject in keys[:_LISTED]]
        lines += [f"and {len(keys) - _LISTED:,} more: `supplysync status`"] if keys[_LISTED:] else []
        heading = f"supplysync, {project.folder.name}: {alarm}{', over' if state == OVER else ''}"
        text = "\n".join([heading, *lines, *([] if state == OVER else [f"What to do: {to_read(page)}"])])
        subjects = tuple(subject for _, subject in keys)
        yield Telling(
            Message(alarm, state, subjects, text, page_path(page), project.folder.name, now.isoformat()), keys
        )


def _kind(key: Subject) -> tuple[Alarm, str]:
    """The alarm, and the page that says what to do about it."""
    alarm, subject = key
    is_cycles = alarm is Alarm.FAILURE and subject == CYCLE
    return alarm, CYCLE_FAILED if is_cycles else ALARMS[alarm]
