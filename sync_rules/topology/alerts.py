"""``[alerts]`` of topology.toml: who is told of what, and what may stand there (S2, S3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Alarm(StrEnum):
    """The states that somebody is told of when they begin, and when they are over."""

    OVERDUE = "overdue"
    FAILURE = "failure"
    REJECTED = "rejected"
    UNAPPLIED = "unapplied"
    HELD = "held"


LONGEST_S = 60
"""So many seconds at most are given to all messages of one time."""

ALERT_KEYS: Mapping[str, type[Any]] = {"command": list, "webhook": str, "events": list, "timeout_seconds": int}
_NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True)
class Alerts:
    """Who is told: a ``command``, by its words, or a ``webhook``, as ``${NAME}`` of the variable that has its address;
    nobody where neither is there. ``events``: of what. ``timeout_seconds``: for all messages of one time."""

    command: tuple[str, ...] = ()
    webhook: str = ""
    events: tuple[Alarm, ...] = tuple(Alarm)
    timeout_seconds: int = 10

    @property
    def is_wanted(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self.command or self.webhook)

    @property
    def variable(self) -> str:
        """The name of the variable that has the webhook's address; empty for a command."""
        found = _NAME.fullmatch(self.webhook)
        return found[1] if found else ""


def alerts_of(table: Mapping[str, Any]) -> Alerts:
    """What ``[alerts]`` says."""
    default = Alerts()
    return Alerts(
        tuple(table.get("command", ())),
        table.get("webhook", ""),
        tuple(Alarm(event) for event in table.get("events", default.events)),
        table.get("timeout_seconds", default.timeout_seconds),
    )


def alert_mistakes(table: object) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the values of ``[alerts]``: key, rule, message. What has not the type of its key is not looked
    at here."""
    if not isinstance(table, dict):
        return
    command, webhook, events = (table.get(key) for key in ("command", "webhook", "events"))
    if ("command" in table) == ("webhook" in table):
        found = "names both" if "command" in table else "names neither"
        yield "alerts", "S3", f"{found}; allowed: `command`, or `webhook`"
    if isinstance(command, list) and not (command and all(isinstance(word, str) and word for word in command)):
        yield "alerts.command", "S3", 'write the words of a command as texts, for example `["/usr/local/bin/page-me"]`'
    if isinstance(webhook, str) and not _NAME.fullmatch(webhook):
        yield "alerts.webhook", "S2", "an address is a secret; write ${NAME} and set NAME in .env"
    if isinstance(events, list):
        unknown = [f"`{event}`" for event in events if event not in list(Alarm)]
        said = f"{', '.join(unknown)} is not allowed" if unknown else "is empty"
        if unknown or not events:
            yield "alerts.events", "S3", f"{said}; allowed: {', '.join(Alarm)}"
    seconds = table.get("timeout_seconds", 1)
    if isinstance(seconds, int) and not 1 <= seconds <= LONGEST_S:
        yield "alerts.timeout_seconds", "S3", f"`{seconds}` is not allowed; allowed: 1 to {LONGEST_S}"
