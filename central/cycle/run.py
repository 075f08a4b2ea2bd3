"""A whole cycle, one stage after the other: what the Dagster assets do, step by step, in one call."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from datetime import UTC, datetime

from central import cycle_file
from central.cycle.admit import admit
from central.cycle.deliver import deliver_change_sets
from central.cycle.pull import pull_sites
from central.cycle.route import make_change_sets
from central.project import Project
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.visits import Delivered


def now() -> datetime:
    """The time at which a stage begins: read once a stage, then handed down."""
    return datetime.now(UTC)


def asked_by() -> str:
    """Operating-system user and host (B21)."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def admit_next(project: Project) -> int | None:
    """Admits the cycle that was pulled and is not admitted yet; None where there is none."""
    with open_warehouse(project.warehouse, project.schema) as con:
        cycle = cycle_file.read(project.pulls, last_cycle(con) + 1)
        return cycle.number if cycle and admit(con, project, cycle) else None


def run_cycle(
    project: Project, *, now: datetime, only: Sequence[str] | None = None, asked_by: str = "nobody@nowhere"
) -> list[Delivered]:
    """Pulls, admits, routes and delivers, for the enabled sites or those of ``only``."""
    cycle = pull_sites(project, now=now, asked_by=asked_by, only=only)
    with open_warehouse(project.warehouse, project.schema) as con:
        admit(con, project, cycle)
        make_change_sets(con, project, cycle)
    return deliver_change_sets(project, cycle, now=now)
