"""A report as a file, with the filters of the page it is asked from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

from dashboard.conditions import values_of
from dashboard.downloads.limit import LIMITED, limit_of
from dashboard.filters import Where
from dashboard.formats import figure
from dashboard.languages.text import translated
from dashboard.reader import Reading
from dashboard.view import order_of
from warehouse.connection import Connection
from warehouse.exports import write
from warehouse.exports.about import about_report
from warehouse.exports.rows import ExportRows, rows_in_order, rows_of_report
from warehouse.exports.words import MOST_ROWS, CannotExport
from warehouse.reports.files import published_reports

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
_TEXTS = frozenset({"csv", "json"})
_QUICK = 1
"""Level 1 of gzip: a report of half a gigabyte goes out at a tenth of its size, and is not kept waiting for less."""

SMALL = 20_000
"""So many cells are written in some 50 ms, even as a workbook."""

MOST_SORTED = 500_000
"""So many rows are sorted for a download."""

_NAMES = {file.name for file in published_reports()}


@dataclass(frozen=True)
class Download:
    """Rows of a report of the snapshot in the file ``path``, as a format; ``is_zipped`` where browsers unpack it.
    ``order`` is how the page lists them, as SQL; nothing where that is the report's own order."""

    path: str
    report: str
    condition: str
    values: Sequence[object]
    chosen: Mapping[str, str]
    file_format: str
    is_zipped: bool = False
    order: str = ""

    @property
    def media_type(self) -> str:
        """What it says it is."""
        return _MEDIA_TYPES[self.file_format]

    @property
    def filename(self) -> str:
        """The name to keep it by, which says the snapshot."""
        return f"{self.report}-{Path(self.path).stem}.{self.file_format}"

    def rows(self, con: Connection) -> ExportRows:
        """Its rows, in the order of the page; too many to be sorted in bounded memory, in the report's own."""
        rows = rows_of_report(con, self.report, self.condition, self.values)
        if self.order and rows.height <= MOST_SORTED:
            return rows_in_order(con, self.report, self.condition, self.values, self.order)
        return rows

    def is_small(self, con: Connection) -> bool:
        """Does it take no longer than a page does? Raises CannotExport where the format has no room for it."""
        rows = self.rows(con)
        if self.file_format == "xlsx":
            _has_room(rows.height)
        return rows.height * max(1, rows.shape.width) <= SMALL

    def write_to(self, out: IO[bytes], con: Connection) -> None:
        """Writes it, some rows at a time. Raises CannotExport where the format has no room for it."""
        about = about_report(con, self.report, self.chosen)
        if not self.is_zipped:
            write.write_to(out, self.rows(con), about, self.file_format)
            return
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_QUICK, mtime=0) as zipped:
            write.write_to(cast("IO[bytes]", zipped), self.rows(con), about, self.file_format)

    def text(self) -> str:
        """All of it, for the process that makes it."""
        return json.dumps(asdict(self))


def _has_room(rows: int) -> None:
    """As `warehouse.exports.words.has_room`, in the language of the page."""
    if rows > MOST_ROWS:
        raise CannotExport(
            translated(
                "%(rows)s rows, and a sheet of Excel holds %(most)s: filter, or take `parquet` or `csv`",
                rows=figure(rows),
                most=figure(MOST_ROWS),
            )
        )


def is_report(name: str, reading: Reading) -> bool:
    """Is there a report of this name, or a saved question that is one?"""
    return name in _NAMES or reading.saved.get(name, "") is None


def download(
    found: Where, reading: Reading, file_format: str, *, may_zip: bool = False, sort: str | None = None
) -> Download:
    """The rows found as a file, ordered as a list is; texts are zipped where they may be. It says to which stores it is
    limited, where whoever asks sees some. Raises BadFilter."""
    chosen = {name: ", ".join(values_of(value)) for name, value in found.chosen.items()}
    limit = limit_of(reading)
    return Download(
        str(reading.snapshot.path),
        found.report,
        found.sql,
        list(found.values),
        {**chosen, **({LIMITED: limit} if limit else {})},
        file_format,
        may_zip and file_format in _TEXTS,
        order_of(reading, found.report, sort) if sort else "",
    )
