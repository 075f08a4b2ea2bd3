"""What was told of which state, in a small file of the project: so that each is told once, and once that it is over."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sync_rules.topology.alerts import Alarm
from wire.file_errors import naming
from wire.whole_files import write_whole

Subject = tuple[Alarm, str]
"""A state by its alarm and what it is of."""


@dataclass(frozen=True)
class AlertMemory:
    """Since when each state that was told stands; ``trouble``: what is wrong with the hook, None where it told the last
    message."""

    told: Mapping[Subject, datetime] = field(default_factory=dict)
    trouble: str | None = None


def memory_file(folder: Path) -> Path:
    """The file of a project."""
    return folder / "data" / "alerts.json"


def recall(folder: Path) -> AlertMemory:
    """What is remembered. Where the file is not there, or not whole, nothing is: states are told once more."""
    try:
        document = json.loads(memory_file(folder).read_text(encoding="utf-8"))
        told = {(Alarm(one["event"]), str(one["of"])): datetime.fromisoformat(one["since"]) for one in document["told"]}
        return AlertMemory(told, document["trouble"])
    except (OSError, ValueError, KeyError, TypeError):
        return AlertMemory()


def remember(folder: Path, memory: AlertMemory) -> None:
    """Keeps it. Raises FileUnusable where the file cannot be written."""
    told = [
        {"event": str(alarm), "of": subject, "since": since.isoformat()}
        for (alarm, subject), since in sorted(memory.told.items())
    ]
    text = json.dumps({"told": told, "trouble": memory.trouble}, indent=1, ensure_ascii=False)
    write_whole(memory_file(folder), f"{text}\n")


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else tells anything of this project while the body runs. Raises FileUnusable where the folder
    cannot be written to."""
    file = memory_file(folder).with_suffix(".lock")
    with naming(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
