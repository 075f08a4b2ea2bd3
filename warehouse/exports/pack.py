"""Several reports as one workbook: a cover that says what they are, then a sheet for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from warehouse.exports.rows import ExportRows
from warehouse.exports.words import About, has_room
from warehouse.exports.workbook import HEAD, seekable, sheet_name, write_rows

Value = str | int | float | Decimal | None


@dataclass(frozen=True)
class PackTable:
    """A table of the cover, with few rows."""

    heading: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Cover:
    """The first sheet: its ``name``, a title, lines of a name and words, and tables."""

    name: str
    title: str
    lines: Sequence[tuple[str, str]]
    tables: Sequence[PackTable]


@dataclass(frozen=True)
class PackSheet:
    """A report as a sheet of that name."""

    name: str
    rows: ExportRows
    about: About


def write_pack(out: IO[bytes], cover: Cover, sheets: Sequence[PackSheet], as_of_at: datetime) -> None:
    """Writes the workbook, some rows at a time: equal rows and words give equal bytes.

    Raises CannotExport, before anything is written, where a report has more rows than a sheet holds.
    """
    for one in sheets:
        has_room(one.rows.height)
    with seekable(out) as whole:
        book = Workbook(whole, {"constant_memory": True})
        moment = as_of_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": cover.title, "created": moment})
        head = book.add_format(HEAD)
        _write_cover(book, book.add_worksheet(sheet_name(cover.name)), cover, head)
        for one in sheets:
            write_rows(book, book.add_worksheet(sheet_name(one.name)), one.rows, one.about, head)
        book.close()


def _write_cover(book: Workbook, sheet: Worksheet, cover: Cover, head: Format) -> None:
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    whole, broken = (book.add_format({"num_format": shown, "valign": "top"}) for shown in ("#,##0", "#,##0.00"))
    for place, width in enumerate((32, 16, 70)):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, cover.title, book.add_format({"bold": True, "font_size": 14}))
    row = 1
    for name, words in cover.lines:
        row += 1
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 2, words, wrapped)
    for table in cover.tables:
        row += 2
        for place, heading in enumerate(table.heading):
            sheet.write_string(row, place, heading, head)
        for values in table.rows:
            row += 1
            for place, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, place, value, wrapped)
                elif value is not None:
                    sheet.write_number(row, place, float(value), whole if float(value).is_integer() else broken)
