"""What an export says of itself, and what kinds of columns there are: the same in all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

MOST_ROWS = 1_048_575
"""The rows that a sheet of Excel holds, without the header."""


class CannotExport(ValueError):
    """The rows cannot be in this format; another one has room for them."""


@dataclass(frozen=True)
class About:
    """What an export is: it goes with the rows in every format but CSV, which has no place for it.

    ``meaning`` may end with `One row is: ...`. ``as_of_at`` knows its zone, which is the one XLSX shows moments in;
    ``snapshot`` is None for the working warehouse. ``completeness`` is a sentence (W4); ``columns`` are in plain
    words (W2).
    """

    title: str
    meaning: str
    as_of_at: datetime
    snapshot: int | None
    filters: Mapping[str, str]
    completeness: str
    columns: Mapping[str, str]


def has_room(rows: int) -> None:
    """Raises CannotExport for more rows than a sheet of Excel holds."""
    if rows > MOST_ROWS:
        raise CannotExport(
            f"{rows:,} rows, and a sheet of Excel holds {MOST_ROWS:,}: filter, or take `parquet` or `csv`"
        )


def kind_of(column: pl.Series) -> str:
    """What a column holds, in a word: text, integer, decimal, number, date, time or boolean. Raises ValueError."""
    kind = column.dtype
    if kind.is_integer():
        return "integer"
    if kind.is_float():
        return "number"
    for word, known in _KINDS.items():
        if isinstance(kind, known):
            return word
    raise ValueError(f"column `{column.name}` is {kind}, which no export has a place for")


_KINDS = {
    "text": (pl.String, pl.Null),
    "decimal": (pl.Decimal,),
    "date": (pl.Date,),
    "time": (pl.Datetime,),
    "boolean": (pl.Boolean,),
}


def about_as_dict(frame: pl.DataFrame, about: About) -> dict[str, object]:
    """The words of an export as JSON has them: ``columns`` maps each to what it means, ``types`` to what it holds."""
    return {
        "title": about.title,
        "meaning": about.meaning,
        "as_of_at": f"{about.as_of_at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z",
        "time_zone": str(about.as_of_at.tzinfo),
        "snapshot": about.snapshot,
        "filters": dict(about.filters),
        "completeness": about.completeness,
        "columns": {column: about.columns.get(column, "") for column in frame.columns},
        "types": {column: kind_of(frame[column]) for column in frame.columns},
    }
