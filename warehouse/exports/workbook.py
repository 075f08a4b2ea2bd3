"""An export as an Excel workbook: a sheet of rows with typed cells, and the sheet ``About``."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import IO, Any

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from warehouse.exports.rows import ExportRows
from warehouse.exports.words import About, about_as_dict, has_room, kind_of

MOST_CHARACTERS = 32_767

_DIGITS = 15
_SAMPLE = 1000
_FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was
_GRAIN = "One row is: "
_A4 = 9
_WHOLE, _BROKEN, _COUNTED, _DAY, _MOMENT = "#,##0", "#,##0.00####", "0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"

HEAD = {"bold": True, "bottom": 1, "bg_color": "#E8EDF2", "text_wrap": True, "valign": "top"}
"""How headings look."""

Cell = tuple[str, Any]


def write_workbook(out: IO[bytes], rows: ExportRows, about: About) -> None:
    """Writes the workbook. Raises CannotExport for more rows than a sheet holds.

    Text is written as text, whatever it begins with: no cell is a formula or a link. Rows go to a temporary file one
    by one, and so does the workbook where ``out`` is a pipe: it is put together at the end.
    """
    has_room(rows.height)
    with seekable(out) as whole:
        _write_book(whole, rows, about)


@contextmanager
def seekable(out: IO[bytes]) -> Iterator[IO[bytes]]:
    """Where a workbook can be put together: ``out``, or where that is a pipe a file, which is sent at the end."""
    if out.seekable():
        yield out
        return
    with tempfile.TemporaryFile() as whole:
        yield whole
        whole.seek(0)
        shutil.copyfileobj(whole, out, 1 << 20)


def _write_book(out: IO[bytes], rows: ExportRows, about: About) -> None:
    book = Workbook(out, {"constant_memory": True})
    moment = about.as_of_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": about.title, "comments": about.completeness, "created": moment})
    head = book.add_format(HEAD)
    cut = write_rows(book, book.add_worksheet(sheet_name(about.title)), rows, about, head)
    _write_about(book, book.add_worksheet("About"), rows, about, head, cut)
    book.close()


def sheet_name(title: str) -> str:
    """A name that Excel takes for a sheet."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip().strip("'")[:31].rstrip("' ")
    return name if name and name.lower() not in {"about", "history"} else "Rows"


def write_rows(book: Workbook, sheet: Worksheet, rows: ExportRows, about: About, head: Format) -> int:
    """Writes the rows of a sheet; returns how many texts were longer than a cell holds, and were cut."""
    shape, zone = rows.shape, about.as_of_at.tzinfo or UTC
    first = _first(rows)
    for place, column in enumerate(shape.columns):
        sheet.set_column(place, place, _width(first[column]))
        sheet.write_string(0, place, column, head)
        if meaning := about.columns.get(column):
            size = {"x_scale": 2, "y_scale": 0.5 + len(meaning) / 160, "font_size": 10}
            sheet.write_comment(0, place, meaning, size)
    _lay_out(sheet, rows.height, shape.width)
    cells = [_cells(shape[column], zone) for column in shape.columns]
    formats = [book.add_format({"num_format": shown}) if shown else None for shown in _formats(rows)]
    number = cut = 0
    for part in rows.parts():
        for row in part.iter_rows():
            number += 1
            for place, value in enumerate(row):
                if value is not None:
                    kind, plain = cells[place](value)
                    cut += kind == "cut"
                    _WRITE[kind](sheet, number, place, plain, formats[place])
    return cut


def _first(rows: ExportRows) -> pl.DataFrame:
    """The first rows, by which columns are made wide enough."""
    found = rows.shape
    for part in rows.parts():
        found = found.vstack(part.head(_SAMPLE - found.height))
        if found.height >= _SAMPLE:
            break
    return found


def _lay_out(sheet: Worksheet, height: int, width: int) -> None:
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    if width:
        sheet.autofilter(0, 0, height, width - 1)
        everything = xl_range(0, 0, height, width - 1)
        sheet.ignore_errors({"number_stored_as_text": everything})  # codes are text on purpose


_WRITE: dict[str, Callable[[Worksheet, int, int, Any, Format | None], Any]] = {
    "text": lambda sheet, row, place, value, _: sheet.write_string(row, place, value),
    "cut": lambda sheet, row, place, value, _: sheet.write_string(row, place, value),
    "number": lambda sheet, row, place, value, shown: sheet.write_number(row, place, value, shown),
    "moment": lambda sheet, row, place, value, shown: sheet.write_datetime(row, place, value, shown),
    "boolean": lambda sheet, row, place, value, _: sheet.write_boolean(row, place, value),
}


def _cells(column: pl.Series, zone: tzinfo) -> Callable[[Any], Cell]:
    """What becomes of a value of this column: how it is written, and as what."""
    kind = kind_of(column)
    if kind == "time":
        return lambda value: _moment(value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value)
    if kind == "boolean":
        return lambda value: ("boolean", value)
    if kind == "date":
        return _day
    return _text if kind == "text" else _number


def _text(value: str) -> Cell:
    if len(value.encode("utf-16-le")) <= 2 * MOST_CHARACTERS:
        return "text", value
    kept = value.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", errors="ignore")
    return "cut", f"{kept}…"


def _number(value: int | float | Decimal) -> Cell:
    """Excel keeps fifteen digits; a longer number is only whole as text."""
    if isinstance(value, float):
        return ("number", value) if abs(value) < float("inf") else ("text", str(value))
    exact = Decimal(value).normalize()
    if exact.adjusted() >= _DIGITS or len(exact.as_tuple().digits) > _DIGITS:
        return "text", f"{exact:f}"
    return "number", float(exact)


def _day(value: date) -> Cell:
    return ("moment", value) if value >= _FIRST_DAY else ("text", value.isoformat())


def _moment(value: datetime) -> Cell:
    return ("moment", value) if value.date() >= _FIRST_DAY else ("text", value.isoformat(sep=" "))


def _formats(rows: ExportRows) -> list[str | None]:
    """How each column's cells are shown; figures have decimals in all rows or in none."""
    kinds = [kind_of(rows.shape[column]) for column in rows.shape.columns]
    broken = [False] * len(kinds)
    for part in rows.parts() if {"decimal", "number"} & set(kinds) else ():
        for place, kind in enumerate(kinds):
            if kind in {"decimal", "number"} and not broken[place]:
                values = part.to_series(place).drop_nulls()
                broken[place] = not (values == values.round(0)).all()
    shown = {"integer": _COUNTED, "date": _DAY, "time": _MOMENT}
    return [
        (_BROKEN if is_broken else _WHOLE) if kind in {"decimal", "number"} else shown.get(kind)
        for kind, is_broken in zip(kinds, broken, strict=True)
    ]


def _width(column: pl.Series) -> int:
    """Wide enough for the heading with its filter button and for most of the first values."""
    longest = {"date": 11, "time": 19}.get(kind_of(column), 0)
    if not longest and column.len():
        longest = int(column.cast(pl.String).str.len_chars().fill_null(0).quantile(0.98) or 0)
    return max(8, min(48, max(longest, len(column.name) + 2) + 1))


def _lines_about(rows: ExportRows, about: About, cut: int) -> list[tuple[str, str]]:
    """What a reader must know of the rows: names and words; those without words are left out."""
    meaning, _, grain = about.meaning.partition(_GRAIN)
    filters = ", ".join(f"{name}: {value}" for name, value in about.filters.items())
    lines = [
        ("What it is", meaning.strip()),
        ("One row is", grain),
        ("As of", about.as_of_at.strftime("%Y-%m-%d %H:%M:%S")),
        ("Times are in", str(about_as_dict(rows.shape, about)["time_zone"])),
        ("Snapshot", "none: the working warehouse" if about.snapshot is None else str(about.snapshot)),
        ("Filters", filters or "none"),
        ("Complete?", about.completeness),
        ("Rows", f"{rows.height:,}"),
        ("Empty cells", "NULL: unknown, or there is none"),
        ("Cut", f"{cut:,} texts longer than a cell holds" if cut else ""),
    ]
    return [(name, words) for name, words in lines if words]


def _write_about(book: Workbook, sheet: Worksheet, rows: ExportRows, about: About, head: Format, cut: int) -> None:
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 100)
    sheet.write_string(0, 0, about.title, book.add_format({"bold": True, "font_size": 14}))
    row = 1
    for name, words in _lines_about(rows, about, cut):
        row += 1
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 2, words, wrapped)
    row += 2
    for place, heading in enumerate(("Column", "Type", "Meaning")):
        sheet.write_string(row, place, heading, head)
    for column in rows.shape.columns:
        row += 1
        sheet.write_string(row, 0, column, bold)
        sheet.write_string(row, 1, kind_of(rows.shape[column]), wrapped)
        sheet.write_string(row, 2, about.columns.get(column, ""), wrapped)
