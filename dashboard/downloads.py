"""A report as a file, with the filters of the page it is asked from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.filters import Where
from dashboard.reading import Reading
from warehouse import exports
from warehouse.about import about_report
from warehouse.connection import quote
from warehouse.report_files import PARTS, report_files

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}

_NAMES = {file.name for file in report_files()} - set(PARTS)


@dataclass(frozen=True)
class Download:
    """A file and its name, which says the snapshot."""

    body: bytes
    media_type: str
    filename: str


def is_report(name: str) -> bool:
    """Is there a report of this name?"""
    return name in _NAMES


def download(found: Where, reading: Reading, file_format: str) -> Download:
    """All rows found, in the report's own order."""
    frame = reading.frame(f"select * from reports.{quote(found.report)} where {found.sql}", found.values)
    about = about_report(reading.con, found.report, found.chosen)
    body = exports.write(frame, about, file_format)
    return Download(body, _MEDIA_TYPES[file_format], f"{found.report}-{reading.snapshot.number:08d}.{file_format}")
