"""A whole cycle, one stage after the other, in one process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import groupby
from typing import Any

from central.cycle.stages import UP_TO_SITES, Asked, Stage, deliver_last, prune_last, pull_due
from central.project import Project
from warehouse.connection import open_warehouse

_ALONE = (pull_due, deliver_last, prune_last)


def run_cycle(
    project: Project,
    *,
    now: datetime,
    only: Sequence[str] | None = None,
    asked_by: str = "nobody@nowhere",
    stages: Sequence[Stage] = UP_TO_SITES,
) -> dict[str, Any]:
    """Runs the stages for the enabled sites or those of ``only``; what each found, by the name of its function.

    The warehouse stays open from one stage to the next, as opening it costs most of a small cycle; but not while sites
    are read and written, as a slow site holds nobody up, nor while its file may be written anew.
    """
    asked = Asked(project, now, asked_by, only)
    found: dict[str, Any] = {}
    for is_alone, together in groupby(stages, key=lambda stage: stage in _ALONE):
        with nullcontext() if is_alone else open_warehouse(project.warehouse, project.schema):
            found |= {stage.__name__: stage(asked) for stage in together}
    return found
