"""The working warehouse for who reads it, and whether it is behind what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from central import cycle_file
from central.project import Project
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.snapshots.current import NothingPublished, current, manifest


def behind_its_cycles(project: Project, con: Connection) -> str | None:
    """That the warehouse ends before the cycles that are kept, or that a snapshot or what was sent tells of, and what
    brings it along; None where it does not. No file is read for it but the snapshot's manifest."""
    last, highest = last_cycle(con), cycle_file.last_number(project.pulls)
    if highest > last:
        again = "`supplysync sync` admits them again"
        return f"the warehouse ends at cycle {last}, cycles up to {highest} are kept: {again}"
    lacking = "; ".join(traces(project, last).values())
    return f"the warehouse ends at cycle {last}: {lacking}" if lacking else None


@contextmanager
def open_to_read(project: Project, *, read_only: bool = False) -> Iterator[Connection]:
    """The working warehouse, for who reads it. Where there is none, an empty one that is gone afterwards: only a cycle
    makes one, or makes it again."""
    with _place_to_read(project) as path, open_warehouse(path, project.schema, read_only=read_only) as con:
        yield con


@contextmanager
def _place_to_read(project: Project) -> Iterator[Path]:
    if project.warehouse.exists():
        yield project.warehouse
        return
    with TemporaryDirectory() as folder:
        empty = Path(folder) / project.warehouse.name
        with open_warehouse(empty, project.schema):
            pass  # read-only needs a file that is there
        yield empty


def published_cycle(project: Project) -> int:
    """The cycle that the published snapshot shows; 0 for none."""
    try:
        found = manifest(current(project.published)) or {}
    except NothingPublished:
        return 0
    return int(found.get("cycle", 0))


def traces(project: Project, last: int) -> dict[int, str]:
    """What says that there were later cycles, though no file of them is kept."""
    published = published_cycle(project)
    if published > last:
        return {published: f"`{project.published}` shows cycle {published}, and no file of it is kept. Is "
                           f"`{project.pulls}` an older one? Only where a newer one is lost for good, move `published` "
                           "away"}  # fmt: skip
    if last == 0 and any(project.change_sets.glob("*/[0-9]*")):
        return {1: f"`{project.change_sets}` holds what sites were sent, and no file of a cycle is kept. Is "
                   f"`{project.pulls}` gone? Only to begin anew, move `data` away"}  # fmt: skip
    return {}
