"""Reading a CSV file of people's: its separator found out, its columns checked, its values typed, all mistakes told."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import polars as pl

from central.imports.kinds import ImportKind
from sites.engines.values import normalise
from sync_rules.schema import Column, Kind, Schema
from sync_rules.texts.likeness import meant

LINE = "line"
"""The column that says where in the file a row is."""
_SEPARATORS = ",;\t"
"""Where several are as frequent, the first: one column has none."""
_SHOWN = 20
_ALLOWED = {
    Kind.TEXT: "a text",
    Kind.INTEGER: "a whole number",
    Kind.DECIMAL: "a number with a point and at most 6 decimals",
    Kind.DATE: "a date as 2027-01-31",
    Kind.TIME: "a moment as 2027-01-31T08:00:00Z",
    Kind.BOOLEAN: "true or false",
}


Mistake = tuple[int, str]
"""A line of the file, and what is wrong in it: the column, what was found, what is allowed."""


class FileRefused(ValueError):
    """A file that cannot be imported as it is: what is wrong, by line, and what is allowed; and what helps."""

    def __init__(self, file: Path, mistakes: Sequence[str], advice: Sequence[str] = ()) -> None:
        more = [f"and {len(mistakes) - _SHOWN:,} more"] if len(mistakes) > _SHOWN else []
        lines = "\n".join(f"  {one}" for one in [*mistakes[:_SHOWN], *more, *advice])
        super().__init__(f"`{file}` cannot be imported, and nothing was done:\n{lines}")


@dataclass(frozen=True)
class FileRows:
    """What a file has: ``rows``, typed as the columns of the kind's table, records that are named as the file names
    them, as text, and the ``line`` of each; the ``mistakes`` that it has by itself. ``is_whole``: it has every column
    that it needs."""

    rows: pl.DataFrame
    mistakes: Sequence[Mistake]
    is_whole: bool

    @property
    def refused(self) -> list[int]:
        """The lines in which there is a mistake."""
        return sorted({line for line, _ in self.mistakes})


def read_table(file: Path, kind: ImportKind, schema: Schema) -> FileRows:
    """The rows of a file, and what is wrong with it by itself: columns, lines, values; a value that is wrong is empty
    in the rows, and a line that is none is not in them. Raises FileRefused where it is no such file."""
    head, *lines = list(cells_of(file)) or [(1, [])]
    names = [name.strip().lower() for name in head[1]]
    mistakes = list(_column_mistakes(kind, names))
    mistakes += [
        (line, f"has {len(row)} value{'' if len(row) == 1 else 's'}; allowed are {len(names)}, one a column")
        for line, row in lines
        if len(row) != len(names)
    ]
    even = [(line, row) for line, row in lines if len(row) == len(names)]
    known = [name for name in dict.fromkeys(names) if name in kind.columns]
    texts = {name: [row[names.index(name)].strip() or None for _, row in even] for name in known}
    numbers = {"id": [str(line) for line, _ in even]}
    raw = pl.DataFrame(numbers | texts, schema=dict.fromkeys(("id", *known), pl.String))
    typed, wrong = _typed(raw, kind, schema)
    mistakes += wrong
    for name in (name for name in kind.required if name in known):
        empty = raw.filter(pl.col(name).is_null())["id"]
        mistakes += [(int(line), f"`{name}` is empty; each line needs one") for line in empty]
    return FileRows(typed.rename({"id": LINE}), mistakes, set(kind.required) <= set(known))


def cells_of(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The line in which each row ends, and its cells; empty lines are none. Raises FileRefused where it is no CSV
    file."""
    last, rows = 0, None
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, delimiter=separator_of(text), strict=True)
            for row in rows:
                last = rows.line_num
                if any(cell.strip() for cell in row):
                    yield last, row
    except UnicodeDecodeError:
        raise FileRefused(file, ["it is not UTF-8 text: save it as `CSV UTF-8`"]) from None
    except csv.Error as error:
        raise FileRefused(file, [_no_row(error, last + 1, rows.line_num if rows else 1)]) from None
    except OSError as error:
        raise FileRefused(file, [f"it cannot be read: {error.strerror}"]) from None


def _no_row(error: csv.Error, begun: int, reached: int) -> str:
    """What is wrong with a row of which no cells can be made: mostly a quotation mark that nothing closes, so that all
    up to the next one, or to the end, is one value."""
    goes_on = f" and goes on up to line {reached}" if reached > begun else ""
    marks = 'each `"` that opens a value has one that closes it before the separator, and one within a value is doubled'
    return f"line {begun}: what begins here{goes_on} is no row of CSV: {error}; {marks}"


def separator_of(text: TextIO) -> str:
    """What stands between the columns of an open file, which is at its beginning again: as its first line has it."""
    head = text.readline()
    text.seek(0)
    return max(_SEPARATORS, key=head.count)


def _column_mistakes(kind: ImportKind, names: Sequence[str]) -> Iterator[Mistake]:
    for name in names:
        if name not in kind.columns:
            yield 1, f"there is no column `{name}`; {meant(name, kind.columns, 'columns')}"
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield 1, f"column `{name}` is there {names.count(name)} times; allowed is once"
    for name in kind.required:
        if name not in names:
            yield 1, f"column `{name}` is missing; needed are {', '.join(kind.required)}"


def _typed(raw: pl.DataFrame, kind: ImportKind, schema: Schema) -> tuple[pl.DataFrame, list[Mistake]]:
    columns = {column.name: column for column in schema.tables[kind.table]}
    wanted = [columns["id"]]
    wanted += [columns[name] if name in kind.plain else Column(name, Kind.TEXT) for name in raw.columns if name != "id"]
    typed, malformed = normalise(raw, tuple(wanted))
    mistakes = []
    kinds = {column.name: column for column in wanted}
    for row in malformed.iter_rows(named=True):
        one = kinds[row["column"]]
        allowed = " or ".join(f"`{word}`" for word in one.words) if one.words else _ALLOWED[one.kind]
        mistakes.append((int(row["record_id"]), f"`{one.name}` is `{row['found']}`; allowed is {allowed}"))
    for name in (name for name in raw.columns if name in kind.plain and columns[name].words):
        wrong = typed.filter(pl.col(name).is_not_null() & ~pl.col(name).is_in(columns[name].words))
        allowed = " or ".join(f"`{word}`" for word in columns[name].words)
        mistakes += [
            (int(line), f"`{name}` is `{found}`; allowed is {allowed}")
            for line, found in wrong.select("id", name).iter_rows()
        ]
    return typed, mistakes
