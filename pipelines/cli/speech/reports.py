"""Where reports are read from: the working warehouse, or what is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pipelines.cli.speech.options import project
from pipelines.cli.speech.warehouse import open_working
from warehouse.connection import Connection
from warehouse.exports import views
from warehouse.snapshots.current import current, open_snapshot

published_option = click.option(
    "--published", is_flag=True, help="From the current published snapshot, not the working one."
)


@contextmanager
def open_reports(folder: Path, published: bool) -> Iterator[Connection]:
    """The working warehouse, or the current snapshot; errors of DuckDB are ReportFailed."""
    with project(folder) as loaded, views.reading():
        if published:
            with open_snapshot(current(loaded.published)) as con:
                yield con
        else:
            with open_working(loaded) as con:
                yield con
