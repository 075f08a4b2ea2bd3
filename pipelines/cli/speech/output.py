"""How commands speak: data to stdout, as a table for people or as one JSON document; talk to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import click
import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipelines.cli.clock import moment, zone_shown
from pipelines.cli.log import for_people, json_line, manner
from pipelines.cli.shown_text import in_lines
from pipelines.cli.speech.tables.widths import broken, column_widths, fitting, is_too_wide
from sync_rules.for_people.states import word_of
from sync_rules.screen import visible, visible_json

_PIPE_WIDTH = 140
"""A file or a pipe has no width of its own: what a wide window has, unless COLUMNS says otherwise."""

_WIDTH = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or _PIPE_WIDTH)
_COLOURS: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"

_LINES = str.maketrans({"\n": r"\n", "\t": r"\t"})


class Terminal(Console):
    """A console that data cannot steer: no text is read as markup; what stands out is said so (``bold``)."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich's own, with what is text made visible, and no command that it names broken over lines.
        ``soft_wrap``: in a pipe a line is never broken, as no line of talk is there."""
        if len(objects) == 1 and isinstance(objects[0], str):
            is_whole = not self.is_terminal and (how.pop("soft_wrap", False) or self.stderr)
            how.pop("soft_wrap", None)
            text = for_people(objects[0])
            super().print(text if is_whole else in_lines(text, self.width), soft_wrap=True, **how)
        else:
            super().print(*(for_people(one) if isinstance(one, str) else one for one in objects), **how)

    def print_whole(self, table: Table, width: int) -> None:
        """A table of a width, which is never squeezed: where the window is narrower its lines go on below."""
        before = self.width
        self.width = max(before, width)
        try:
            self.print(table)
        finally:
            self.width = before


class TalkTerminal(Terminal):
    """Where talk goes: nowhere with ``--quiet``, and as lines of JSON with ``--log-format json``."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich's own, in the manner that is asked for."""
        if manner.is_quiet:
            return
        if not manner.is_json:
            super().print(*objects, **how)
        elif text := for_people(" ".join(str(one) for one in objects)).strip():
            self.file.write(f"{json_line(text)}\n")
            self.file.flush()

    @property
    def is_drawn_on(self) -> bool:
        """Whether lines can be drawn anew on it."""
        return self.is_terminal and not (manner.is_quiet or manner.is_json)


talk = TalkTerminal(
    stderr=True,
    highlight=False,
    markup=False,
    emoji=False,
    width=None if sys.stderr.isatty() else 320,
    color_system=_COLOURS,
)
data = Terminal(highlight=False, markup=False, emoji=False, width=_WIDTH, color_system=_COLOURS)

_WORD_STYLES = {
    "ok": "green",
    "failed": "bold red",
    "overdue": "bold red",
    "rejected": "red",
    "late": "yellow",
    "unreachable": "yellow",
    "waiting": "yellow",
    "never heard of": "yellow",
    "blocked": "yellow",
    "paused": "dim",
}

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")


def bold(text: str, rest: str = "", *, before: str = "", style: str = "bold") -> Text:
    """A line of which ``text`` stands out: ``bold("R7", " (section 5)")``."""
    return Text.assemble(for_people(before), (for_people(text), style), for_people(rest))


@contextmanager
def aside() -> Iterator[TalkTerminal]:
    """Where talk goes now, kept for the while: Dagster turns stderr into a file as long as a step runs."""
    try:
        kept = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # stderr is no file
        yield talk
        return
    with os.fdopen(kept, "w", encoding="utf-8") as file:
        yield TalkTerminal(
            file=file,
            highlight=False,
            markup=False,
            emoji=False,
            width=talk.width,
            force_terminal=talk.is_terminal,
            color_system=_COLOURS,
        )


@contextmanager
def drawn_anew(console: Terminal, lines: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Lines at the foot of a terminal, asked for and drawn four times a second, gone at the end."""

    def shown() -> Text:
        return Text("\n").join(Text(visible(line), no_wrap=True, overflow="ellipsis") for line in lines())

    with Live(console=console, get_renderable=shown, transient=True, refresh_per_second=4):
        yield


def show_table(
    title: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    *,
    if_any: Collection[str] = (),
    may_go: Sequence[str] = (),
    is_asked: bool = False,
) -> list[str]:
    """A table for people; the keys that it shows. ``columns`` maps a row's key to the heading shown; those of
    ``if_any`` are left out where no row has anything in them, those of ``may_go``, one after the other, where the
    window is too narrow. Where it still is, a row is a few lines, a column each, so that no id is broken; but for
    columns that were asked for by name (``is_asked``): then lines are longer."""
    columns = {
        key: heading for key, heading in columns.items() if key not in if_any or any(row.get(key) for row in rows)
    }
    cells = {key: [_shown(str(row.get(key)) if key == "id" else row.get(key)) for row in rows] for key in columns}
    headings = {key: visible(heading).translate(_LINES) for key, heading in columns.items()}
    if any(isinstance(row.get(key), datetime) for row in rows for key in columns):
        title = f"{title}; times in {zone_shown()}" if title else f"Times in {zone_shown()}"
    texts = {key: [headings[key], *map(str, cells[key])] for key in columns}
    shown = fitting(texts, data.width, may_go, cell_len)
    if not is_asked and is_too_wide([texts[key] for key in shown], data.width, cell_len):
        _print_rows(visible(title), {key: headings[key] for key in shown}, {key: cells[key] for key in shown})
        return shown
    numbers = {key for key in shown if any(isinstance(row.get(key), int | float | Decimal) for row in rows)}
    _print_table(visible(title), {key: headings[key] for key in shown}, {key: cells[key] for key in shown}, numbers)
    return shown


def _print_rows(title: str, headings: Mapping[str, str], cells: Mapping[str, Sequence[str | Text]]) -> None:
    """Rows below each other: the first column at the margin, each other that has something in it in a line below."""
    if title:
        data.print(bold(title))
    first, *others = sorted(headings, key=lambda key: not headings[key])  # marks have no heading: they come last
    for place, value in enumerate(cells[first]):
        marks = [str(cells[key][place]) for key in others if not headings[key]]
        data.print(" ".join([headings[first], str(value), *marks]).strip())
        for key in others:
            if headings[key] and str(cells[key][place]) not in ("", "-"):
                data.print(f"  {headings[key]}: {cells[key][place]}")


def _print_table(
    title: str, headings: Mapping[str, str], cells: Mapping[str, Sequence[str | Text]], numbers: Collection[str]
) -> None:
    """A table of columns by key; those of ``numbers`` stand to the right. The title is a line of its own: it may be
    wider than the table."""
    if title:
        data.print(bold(title))
    columns = [[headings[key], *map(str, cells[key])] for key in headings]
    widths, gap = column_widths(columns, data.width, cell_len)
    table = Table(
        header_style="bold", box=None, pad_edge=False, show_header=any(headings.values()), padding=(0, gap, 0, 0)
    )
    for key, width in zip(headings, widths, strict=True):
        side: Literal["left", "right"] = "right" if key in numbers else "left"
        table.add_column(broken(headings[key], width, cell_len), justify=side, overflow="fold", width=width)
    for row in zip(*cells.values(), strict=True):
        table.add_row(*row)
    data.print_whole(table, sum(widths) + gap * (len(widths) - 1))


def show_json(document: object) -> None:
    """One JSON document: dates as ISO text, decimals as exact numbers in text. What would steer a terminal is escaped,
    which is the same to whatever reads JSON."""
    click.echo(visible_json(json.dumps(document, default=_plain, ensure_ascii=False, indent=2)))


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """A frame as rows for show_table or show_json."""
    return frame.to_dicts()


def in_words(
    rows: Iterable[Mapping[str, Any]], key: str, *, unheard: Collection[str] = (), code: str = "site_code"
) -> list[dict[str, Any]]:
    """Rows for show_table, in which the state of a site that ``key`` has is the word for it. ``unheard``: the codes, in
    column ``code``, of sites that no cycle heard yet."""
    return [{**row, key: word_of(row[key], was_heard=row.get(code) not in unheard)} for row in rows]


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
    text = for_people(str(value)).translate(_LINES)
    return Text(text, _WORD_STYLES[text]) if text in _WORD_STYLES else text


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)
