"""A report as a file, with the filters of the page it is asked from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.filters import Where, select
from dashboard.reader import Reading
from warehouse.exports import write
from warehouse.exports.about import about_report
from warehouse.reports.files import published_reports

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}

_NAMES = {file.name for file in published_reports()}


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
    frame = reading.frame(select(found), found.values)
    about = about_report(reading.con, found.report, found.chosen)
    body = write.write(frame, about, file_format)
    return Download(body, _MEDIA_TYPES[file_format], f"{found.report}-{reading.snapshot.number:08d}.{file_format}")
