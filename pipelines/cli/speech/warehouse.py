"""The working warehouse, as commands look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from central.own_place import behind_its_cycles
from central.project import Project
from warehouse.connection import Connection, open_warehouse


@contextmanager
def open_working(loaded: Project) -> Iterator[Connection]:
    """The working warehouse of a project. Where it is lost, or of before the last cycles, that is said first: what it
    shows is no network in which nothing happened."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        if behind := behind_its_cycles(loaded, con):
            click.echo(f"note: {behind}", err=True)
        yield con
