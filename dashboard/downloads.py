"""A report as a file, with the filters of the page it is asked from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.filters import Where
from dashboard.reading import Reading
from warehouse import exports
from warehouse.connection import quote
from warehouse.report_files import PARTS, ReportFile, report_files

_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


@dataclass(frozen=True)
class Download:
    """A file and its name, which says the snapshot."""

    body: bytes
    media_type: str
    filename: str


def is_report(name: str) -> bool:
    """Is there a report of this name?"""
    return name in _files()


def download(found: Where, reading: Reading, file_format: str) -> Download:
    """All rows found, in the report's own order."""
    file = _files()[found.report]
    frame = reading.frame(f"select * from reports.{quote(found.report)} where {found.sql}", found.values)
    about = exports.About(
        title=found.report,
        meaning=file.comment,
        as_of_at=reading.as_of_at.astimezone(reading.zone),
        snapshot=reading.snapshot.number,
        filters=found.chosen,
        completeness=completeness(reading),
        columns=file.columns,
    )
    body = exports.write(frame, about, file_format)
    return Download(body, _MEDIA_TYPES[file_format], f"{found.report}-{reading.snapshot.number:08d}.{file_format}")


def completeness(reading: Reading) -> str:
    """How complete the figures are, in a sentence (W4)."""
    row = reading.completeness
    told = f"{row['stores_current']} of {row['stores_total']} stores are current."
    for kind in ("silent", "late"):
        if row[f"{kind}_sites"]:
            told += f" {kind.capitalize()} sites: {row[f'{kind}_sites']}."
    return told


def _files() -> dict[str, ReportFile]:
    return {file.name: file for file in report_files() if file.name not in PARTS}
