"""Reading a CSV file of people's: its separator found out, its columns checked, its values typed, all mistakes told."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import polars as pl

from central.imports.kinds import ImportKind
from sites.engines.values import normalise
from sync_rules.schema import Column, Kind, Schema

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


class FileRefused(ValueError):
    """A file that cannot be imported as it is: what is wrong, by line, and what is allowed."""

    def __init__(self, file: Path, mistakes: Sequence[str]) -> None:
        more = [f"and {len(mistakes) - _SHOWN:,} more"] if len(mistakes) > _SHOWN else []
        lines = "\n".join(f"  {one}" for one in [*mistakes[:_SHOWN], *more])
        super().__init__(f"`{file}` cannot be imported, and nothing was done:\n{lines}")


def read_table(file: Path, kind: ImportKind, schema: Schema) -> pl.DataFrame:
    """The rows of a file, typed as the columns of the kind's table; records that are named as the file names them, as
    text; and the ``line`` of each. Raises FileRefused."""
    head, *rows = list(_cells(file)) or [(1, [])]
    names = [name.strip().lower() for name in head[1]]
    _require_columns(file, kind, names)
    uneven = [
        f"line {line}: {len(row)} values for {len(names)} columns" for line, row in rows if len(row) != len(names)
    ]
    if uneven:
        raise FileRefused(file, uneven)
    texts = {name: [row[number].strip() or None for _, row in rows] for number, name in enumerate(names)}
    lines = {"id": [str(line) for line, _ in rows]}
    raw = pl.DataFrame(lines | texts, schema=dict.fromkeys(("id", *names), pl.String))
    typed, mistakes = _typed(raw, kind, schema)
    for name in kind.required:
        mistakes += [(int(line), f"`{name}` is empty") for line in raw.filter(pl.col(name).is_null())["id"]]
    if mistakes:
        raise FileRefused(file, [f"line {line}: {said}" for line, said in sorted(mistakes)])
    return typed.rename({"id": LINE})


def _cells(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The line in which each row begins or ends, and its cells; empty lines are none."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, delimiter=separator_of(text), strict=True)
            yield from ((rows.line_num, row) for row in rows if any(cell.strip() for cell in row))
    except UnicodeDecodeError:
        raise FileRefused(file, ["it is not UTF-8 text: save it as `CSV UTF-8`"]) from None
    except csv.Error as error:
        raise FileRefused(file, [f"it is no CSV file: {error}"]) from None
    except OSError as error:
        raise FileRefused(file, [f"it cannot be read: {error.strerror}"]) from None


def separator_of(text: TextIO) -> str:
    """What stands between the columns of an open file, which is at its beginning again: as its first line has it."""
    head = text.readline()
    text.seek(0)
    return max(_SEPARATORS, key=head.count)


def _require_columns(file: Path, kind: ImportKind, names: Sequence[str]) -> None:
    allowed = ", ".join(kind.columns)
    mistakes = [
        f"line 1: there is no column `{name}`; columns are {allowed}" for name in names if name not in kind.columns
    ]
    mistakes += [
        f"line 1: column `{name}` is there twice" for name in sorted({one for one in names if names.count(one) > 1})
    ]
    mistakes += [f"line 1: column `{name}` is missing" for name in kind.required if name not in names]
    if mistakes:
        raise FileRefused(file, mistakes)


def _typed(raw: pl.DataFrame, kind: ImportKind, schema: Schema) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
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
