"""How commands speak: data to stdout, as a table for people or as one JSON document; talk to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipelines.cli.clock import moment, zone_shown
from sync_rules.screen import visible, visible_json

_WIDTH = None if sys.stdout.isatty() else 480  # a file or a pipe has no width of its own

_LONG_WORD = 12
_LINES = str.maketrans({"\n": r"\n", "\t": r"\t"})


class Terminal(Console):
    """A console that data cannot steer: no text is read as markup; what stands out is said so (``bold``)."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich's own, with what is text made visible."""
        super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **how)


talk = Terminal(stderr=True, highlight=False, markup=False, emoji=False, width=None if sys.stderr.isatty() else 320)
data = Terminal(highlight=False, markup=False, emoji=False, width=_WIDTH)

_WORD_STYLES = {
    "ok": "green",
    "failed": "bold red",
    "error": "bold red",
    "overdue": "bold red",
    "rejected": "red",
    "late": "yellow",
    "unreachable": "yellow",
    "waiting": "yellow",
    "never": "yellow",
    "disabled": "dim",
}

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")


def bold(text: str, rest: str = "", *, before: str = "", style: str = "bold") -> Text:
    """A line of which ``text`` stands out: ``bold("R7", " (section 5)")``."""
    return Text.assemble(visible(before), (visible(text), style), visible(rest))


@contextmanager
def aside() -> Iterator[Terminal]:
    """Where talk goes now, kept for the while: Dagster turns stderr into a file as long as a step runs."""
    try:
        kept = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # stderr is no file
        yield talk
        return
    with os.fdopen(kept, "w", encoding="utf-8") as file:
        yield Terminal(
            file=file, highlight=False, markup=False, emoji=False, width=talk.width, force_terminal=talk.is_terminal
        )


@contextmanager
def drawn_anew(console: Terminal, lines: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Lines at the foot of a terminal, asked for and drawn four times a second, gone at the end."""

    def shown() -> Text:
        return Text("\n").join(Text(visible(line), no_wrap=True, overflow="ellipsis") for line in lines())

    with Live(console=console, get_renderable=shown, transient=True, refresh_per_second=4):
        yield


def show_table(
    title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, if_any: Collection[str] = ()
) -> None:
    """A table for people. ``columns`` maps a row's key to the heading shown; those of ``if_any`` are left out where no
    row has anything in them."""
    columns = {
        key: heading for key, heading in columns.items() if key not in if_any or any(row.get(key) for row in rows)
    }
    cells = [[_shown(str(row.get(key)) if key == "id" else row.get(key)) for key in columns] for row in rows]
    headings = [visible(heading).translate(_LINES) for heading in columns.values()]
    if any(isinstance(row.get(key), datetime) for row in rows for key in columns):
        title = f"{title}; times in {zone_shown()}" if title else f"Times in {zone_shown()}"
    widths, gap = _widths([list(column) for column in zip(headings, *cells, strict=True)], data.width)
    table = Table(
        title=visible(title), title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False,
        show_header=any(headings), padding=(0, gap, 0, 0),
    )  # fmt: skip
    for key, heading, width in zip(columns, headings, widths, strict=True):
        is_number = any(isinstance(row.get(key), int | float | Decimal) for row in rows)
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold", width=width)
    for row in cells:
        table.add_row(*row)
    data.print(table)


def _widths(columns: Sequence[Sequence[str | Text]], room: int) -> tuple[list[int], int]:
    """How wide columns are, and the gaps between them, in ``room`` characters: narrow gaps where they do not fit else;
    no column breaks within a word, but one longer than most, and what is left goes to those that lack the least."""
    texts = [[str(cell) for cell in column] for column in columns]
    wanted = [max(map(cell_len, column)) for column in texts]
    if (among := len(wanted) - 1) * 2 + sum(wanted) <= room:
        return wanted, 2
    words = [[word for text in column for word in text.split()] for column in texts]
    widths = [max((min(cell_len(word), _LONG_WORD) for word in column), default=1) for column in words]
    spare = room - sum(widths) - among
    for place in sorted(range(len(widths)), key=lambda one: wanted[one] - widths[one]):
        more = min(wanted[place] - widths[place], max(spare, 0))
        widths[place] += more
        spare -= more
    return widths, 1


def show_json(document: object) -> None:
    """One JSON document: dates as ISO text, decimals as exact numbers in text. What would steer a terminal is escaped,
    which is the same to whatever reads JSON."""
    click.echo(visible_json(json.dumps(document, default=_plain, ensure_ascii=False, indent=2)))


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """A frame as rows for show_table or show_json."""
    return frame.to_dicts()


def _shown(value: Any) -> str | Text:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return moment(value)
    text = visible(str(value)).translate(_LINES)
    return Text(text, _WORD_STYLES[text]) if text in _WORD_STYLES else text


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)
