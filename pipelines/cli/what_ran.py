"""What the command that runs says of itself, for the last line: where it worked, what it found, what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

WHY = '--reason "WHY"'
"""What somebody has to fill in."""

_KEY = "supplysync.what_ran"


@dataclass
class WhatRan:
    """The ``context`` of the command itself, below its groups, and the project ``folder`` that it worked in; what it
    ``found`` at sites; the commands that follow from what it did (``then``), where it says so."""

    context: click.Context | None = None
    folder: Path | None = None
    found: Sequence[Mapping[str, Any]] | None = None
    then: Sequence[str] | None = None


def what_ran() -> WhatRan:
    """Of the command that runs now; of nothing where none does."""
    context = click.get_current_context(silent=True)
    if context is None:
        return WhatRan()
    ran: WhatRan = context.meta.setdefault(_KEY, WhatRan())
    return ran


def then(*commands: str) -> None:
    """What is next follows from what the command did: these, or nothing."""
    what_ran().then = commands
