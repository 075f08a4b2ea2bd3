"""Where reports are read from: the working warehouse, or what is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pipelines.cli.speech.options import project
from pipelines.cli.speech.warehouse import open_working
from sync_rules.texts.likeness import meant
from warehouse.connection import Connection
from warehouse.exports import views
from warehouse.exports.report_words import saved_questions
from warehouse.questions.files import read_questions
from warehouse.snapshots.current import NothingPublished, current, open_snapshot, told_of_version

published_option = click.option(
    "--published", is_flag=True, help="From the current published snapshot, not the working one."
)
_OF_QUESTIONS = "saved_questions"
"""What became of saved questions when they were published: the working warehouse has none."""

_OF_GROUPS = (
    click.option("--region", multiple=True, help="Only stores in this region, by name; `none is said`: in none."),
    click.option("--level", multiple=True, help="Only stores whose facilities are of this category, by name."),
    click.option("--tag", multiple=True, help="Only stores whose facilities are marked with this word."),
    click.option("--category", multiple=True, help="Only items of this category, by name."),
    click.option("--ven", multiple=True, help="Only items that are this (V, E, N or `none is said`)."),
    click.option("--list", multiple=True, help="Only items on this master list, by code."),
    click.option("--programme", multiple=True, help="Only items on a list of this programme, by code."),
)


def of_groups(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose stores and items of reports by how these are sorted; the command takes tuples of texts
    as ``region``, ``level``, ``tag``, ``category``, ``ven``, ``list`` and ``programme``."""
    for option in reversed(_OF_GROUPS):
        command = option(command)
    return command


class ReportName(click.Choice[str]):
    """The name of a report, or of what may be a saved question: only the snapshot knows those."""

    name = "report"

    def __init__(self) -> None:
        super().__init__(sorted(views.NAMES))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As it is written."""
        return value if value.isidentifier() else super().convert(value, param, ctx)


@contextmanager
def open_report(folder: Path, name: str, published: bool) -> Iterator[Connection]:
    """Where a report is read from: a saved question, and what became of them all, from the current snapshot always.
    Raises UsageError for a name that no report has, saying why a saved question is none."""
    if name in views.NAMES:
        with open_reports(folder, published or name == _OF_QUESTIONS) as con:
            yield con
        return
    with project(folder) as loaded:
        files = {one.name for one in read_questions(loaded.questions)}
        try:
            snapshot = current(loaded.published)
        except NothingPublished:
            if name in files:
                raise
            raise _unknown(name, files) from None
        with views.reading(), open_snapshot(snapshot) as con:
            _require_report(con, name, files)
            yield con


def _require_report(con: Connection, name: str, files: Collection[str]) -> None:
    saved = saved_questions(con)
    if error := saved.get(name):
        raise click.UsageError(f"saved question `{name}` is no report: {error}")
    if name not in saved and name in files:
        raise click.UsageError(f"saved question `{name}` becomes a report with the next snapshot: the next cycle "
                               "publishes it, or `supplysync warehouse publish`")  # fmt: skip
    if name not in saved:
        raise _unknown(name, saved)


def _unknown(name: str, saved: Iterable[str]) -> click.UsageError:
    known = sorted({*views.NAMES, *saved})
    return click.UsageError(f"there is no report `{name}`; {meant(name, known, 'reports')}")


@contextmanager
def open_reports(folder: Path, published: bool) -> Iterator[Connection]:
    """The working warehouse, or the current snapshot; errors of DuckDB are ReportFailed."""
    with project(folder) as loaded, views.reading():
        if published:
            with open_snapshot(current(loaded.published)) as con, told_of_version(con):
                yield con
        else:
            with open_working(loaded) as con:
                yield con
