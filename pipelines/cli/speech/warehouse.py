"""The working warehouse, as commands look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from central.project import Project
from central.working_warehouse import behind_its_cycles, open_to_read
from pipelines.cli.speech.output import talk
from warehouse.connection import Connection


@contextmanager
def open_working(loaded: Project, *, read_only: bool = False) -> Iterator[Connection]:
    """The working warehouse of a project. Where it is lost, or of before the last cycles, that is said first: what it
    shows is no network in which nothing happened."""
    with open_to_read(loaded, read_only=read_only) as con:
        if behind := behind_its_cycles(loaded, con):
            talk.print(f"note: {behind}", soft_wrap=True)
        yield con
