"""What every command needs: the project folder, and a demo project's PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from central.project import Project, load
from demo.network.project_files import POSTGRES_SITE, POSTGRES_VARIABLE
from pipelines.cli.clock import show_times_of
from pipelines.cli.log import remember_folder
from pipelines.cli.what_ran import what_ran


def _said_before() -> str:
    """The folder that was named before the command, nearest first, or the current one."""
    context = click.get_current_context().parent
    while context is not None and not context.params.get("folder"):
        context = context.parent
    return str(context.params["folder"] if context is not None else ".")


in_folder = click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SUPPLYSYNC_PROJECT",
    default=_said_before,
    show_default="the current folder",
    callback=remember_folder,
    help="The project folder.",
)


PAGES_PORT = 8600
"""Where the pages are unless something else is said."""


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    """The project in ``folder``; a demo project's own PostgreSQL runs as long as the command (B13)."""
    what_ran().folder = folder
    with postgres_of(folder):
        loaded = load(folder)
        show_times_of(loaded.topology.time_zone)
        yield loaded


@contextmanager
def wanted_project(folder: Path) -> Iterator[Project]:
    """The same by topology.toml as it lies there, applied or not: for who prepares what is to be applied."""
    with project(folder) as loaded:
        yield loaded.as_wanted()


@contextmanager
def postgres_of(folder: Path) -> Iterator[None]:
    """Runs the demo's PostgreSQL where the folder has one and nobody says where else it is."""
    data = folder / "postgres"
    if not data.exists() or POSTGRES_VARIABLE in os.environ:
        yield
        return
    from demo.network.postgres import PostgresServer  # takes long to load, and most projects have none

    with PostgresServer(data.absolute()) as server:
        os.environ[POSTGRES_VARIABLE] = server.url(POSTGRES_SITE)
        try:
            yield
        finally:
            del os.environ[POSTGRES_VARIABLE]
