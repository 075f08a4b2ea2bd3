"""A month of the network as one workbook: what a ministry asks for each month, by the reports there are.

What has a month is of that month; what has none (what lies there, what expires) is as of the snapshot, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from dashboard.conditions import ALL, STORES, BadFilter, values_of
from dashboard.downloads.cover_words import PACK_FILTERS, completeness_in_words, filters_in_words
from dashboard.downloads.limit import limit_of
from dashboard.filters import filters_of, where
from dashboard.formats import month as month_in_words
from dashboard.languages.language import speaking, spoken
from dashboard.languages.text import marked, no_filter, translated
from dashboard.languages.words import report_in_words
from dashboard.reader import Reading
from warehouse.connection import Connection, query
from warehouse.exports.about import about_report
from warehouse.exports.figures import FIGURES
from warehouse.exports.pack import Cover, PackSheet, PackTable, write_pack
from warehouse.exports.rows import ExportRows, rows_of_frame, rows_of_report
from warehouse.exports.shortfalls import lacking_at_stores
from warehouse.exports.sums import summed
from warehouse.exports.words import About, has_room
from warehouse.snapshots.portion import OF_MONTHS, completeness_of, months_of

REPORTS: Mapping[str, tuple[str, bool]] = {
    "stock_on_hand": (marked("Stock on hand"), False),
    "stock_monthly": (marked("Stock by month"), True),
    "stock_out_monthly": (marked("Stock-outs"), True),
    "stock_bands_monthly": (marked("Stores by band"), True),
    "item_usage_monthly": (marked("Usage"), True),
    "order_fill_monthly": (marked("How much is supplied"), True),
    "item_fill_monthly": (marked("Supplied, by item"), True),
    "expiring_stock": (marked("Expiry"), False),
    "losses": (marked("Losses"), True),
    "stocktake_monthly": (marked("Stocktakes"), True),
    "reporting_monthly": (marked("Reporting"), True),
}
"""The sheets in their order: the title of each, and whether it is of the month, or as of the snapshot."""

_SUMMED = (
    "stock_on_hand", "stock_monthly", "stock_out_monthly", "stock_bands_monthly", "order_fill_monthly",
    "item_fill_monthly", "expiring_stock", "losses", "stocktake_monthly", "reporting_monthly",
)  # fmt: skip
_ENGLISH = marked("Explanations, meanings and errors stand here in English, as reports and runbooks have them.")
_EITHER = marked("The stores chosen asked for it, or were asked: what passes between two regions is in both.")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SMALL = 20_000


@dataclass(frozen=True)
class PackPart:
    """Those rows of a report that a condition holds for; of ``source``, a query, where it is worked out for these
    stores."""

    report: str
    condition: str
    values: Sequence[object]
    source: str = ""


@dataclass(frozen=True)
class PackDownload:
    """A pack of the snapshot in the file ``path``, of a ``month`` (YYYY-MM), in a ``language``, which only what is said
    about the sheets is in: columns have their own names."""

    path: str
    month: str
    language: str
    chosen: Mapping[str, str]
    parts: Sequence[PackPart]
    left_out: Sequence[str]
    stores: PackPart
    limit: str = ""
    is_zipped: bool = False
    media_type: str = _XLSX

    @property
    def filename(self) -> str:
        """The name to keep it by, which says the snapshot."""
        return f"supplysync-{self.month}-{Path(self.path).stem}.xlsx"

    def rows(self, con: Connection, part: PackPart) -> ExportRows:
        """The rows of a sheet."""
        if part.source:
            return rows_of_frame(query(con, part.source, part.values))
        return rows_of_report(con, part.report, part.condition, part.values)

    def is_small(self, con: Connection) -> bool:
        """Does it take no longer than a page does? Raises CannotExport where a sheet has no room for its rows."""
        found = [self.rows(con, part) for part in self.parts]
        for rows in found:
            has_room(rows.height)
        return sum(rows.height * max(1, rows.shape.width) for rows in found) <= _SMALL

    def write_to(self, out: IO[bytes], con: Connection) -> None:
        """Writes it, some rows at a time. Raises CannotExport where a sheet has no room for its rows."""
        with speaking(self.language):
            sheets = [self._sheet(con, part) for part in self.parts]
            about = sheets[0].about
            write_pack(out, self._cover(con, sheets), sheets, about.as_of_at)

    def text(self) -> str:
        """All of it, for the process that makes it."""
        return json.dumps({**asdict(self), "kind": "pack"}, default=str)

    def _sheet(self, con: Connection, part: PackPart) -> PackSheet:
        about = about_report(con, part.report, self.chosen)
        return PackSheet(translated(REPORTS[part.report][0]), self.rows(con, part), about)

    def _cover(self, con: Connection, sheets: Sequence[PackSheet]) -> Cover:
        about = sheets[0].about
        of = month_in_words(date.fromisoformat(f"{self.month}-01"))
        left = ", ".join(report_in_words(report) for report in self.left_out)
        lines = [
            (translated("Month"), self.month),
            (translated("As of"), f"{about.as_of_at:%Y-%m-%d %H:%M:%S} {about.as_of_at.tzinfo}"),
            (translated("Snapshot"), str(about.snapshot)),
            (translated("Filters"), filters_in_words(self.chosen)),
            *([(translated("Orders"), translated(_EITHER))] if STORES.keys() & self.chosen.keys() else []),
            *([(translated("Limited to stores"), self.limit)] if self.limit else []),
            (translated("Complete?"), self._completeness(con, about)),
            (translated("Empty cells"), translated("unknown, or there is none: never zero")),
            *([(translated("Language"), translated(_ENGLISH))] if self.language != "en" else []),
            *([(translated("Left out: they know no such filter"), left)] if left else []),
        ]
        title = translated("Medical supplies in %(month)s", month=of)
        return Cover(translated("What it is"), title, lines, [self._contents(sheets), self._figures(con)])

    def _completeness(self, con: Connection, about: About) -> str:
        """That of the stores chosen (W4)."""
        condition, values = self.stores.condition, self.stores.values
        is_of_all = condition == "true"
        sql = "from reports.completeness" if is_of_all else completeness_of(condition)
        [row] = query(con, sql, [] if is_of_all else values).to_dicts()
        return completeness_in_words(row, about.as_of_at, lacking_at_stores(con, about.title, condition, values))

    def _contents(self, sheets: Sequence[PackSheet]) -> PackTable:
        said = {True: translated("Of the month."), False: translated("As of the snapshot, not of the month.")}
        rows = [
            (one.name, one.rows.height, f"{said[REPORTS[one.about.title][1]]} {one.about.meaning}") for one in sheets
        ]
        return PackTable((translated("Sheet"), translated("Rows"), translated("What it is")), rows)

    def _figures(self, con: Connection) -> PackTable:
        """What the sheets add up to: sums, and shares of sums; not what is a share of all that they have."""
        rows: list[tuple[Any, ...]] = []
        for part in self.parts:
            if part.report in _SUMMED:
                figures = {name: one for name, one in FIGURES[part.report].items() if not one.is_of_all}
                sql = summed(part.report, [], figures, part.condition, part.source and f"({part.source})")
                [values] = con.execute(sql, list(part.values)).fetchall()
                rows += [
                    (f"{part.report}: {name}", value, figure.meaning)
                    for (name, figure), value in zip(figures.items(), values, strict=True)
                ]
        return PackTable((translated("Figure"), translated("Value"), translated("Meaning")), rows)


def pack(reading: Reading, month: str, asked: Mapping[str, str], language: str | None = None) -> PackDownload:
    """The pack of a month, filtered, in the language of the page where none is named. Raises BadFilter for a month that
    nothing is known of, and for a filter or a value that there is not."""
    chosen = {name: value for name, value in asked.items() if value != ALL}
    found = months_there(reading)
    if month not in found:
        raise BadFilter(
            translated(
                "`%(month)s` is no month of this snapshot; write one as YYYY-MM, from %(first)s to %(last)s",
                month=month,
                first=found[-1],
                last=found[0],
            )
        )
    for name in chosen:
        if name not in PACK_FILTERS:
            raise BadFilter(no_filter(name, PACK_FILTERS))
    held = [report for report in REPORTS if reading.holds(report)]
    kept = [report for report in held if chosen.keys() <= _filters(reading, report)]
    shown = {name: ", ".join(values_of(value)) for name, value in chosen.items()}
    parts = [_part(reading, report, chosen, month) for report in kept]
    left_out = [report for report in REPORTS if report not in kept]
    stores, path = _stores(reading, chosen), str(reading.snapshot.path)
    return PackDownload(path, month, language or spoken().code, shown, parts, left_out, stores, limit_of(reading))


def months_there(reading: Reading) -> list[str]:
    """The months that the ledger has, and that of the snapshot, which is not over: the newest first."""
    rows = reading.rows("select distinct month from reports.stock_monthly")
    return sorted({f"{row['month']:%Y-%m}" for row in rows} | {f"{reading.about['as_of_date']:%Y-%m}"}, reverse=True)


def last_whole_month(reading: Reading) -> str:
    """The last month that is over, by the snapshot; its own where there is none before."""
    found = months_there(reading)
    return found[min(1, len(found) - 1)]


def _stores(reading: Reading, chosen: Mapping[str, str]) -> PackPart:
    """The stores that the pack is of."""
    found = where(reading, "stores", {name: value for name, value in chosen.items() if name in STORES})
    return PackPart("stores", found.sql, list(found.values))


def _filters(reading: Reading, report: str) -> set[str]:
    return {*filters_of(reading, "stock_monthly" if report in OF_MONTHS else report)}


def _part(reading: Reading, report: str, chosen: Mapping[str, str], month: str) -> PackPart:
    is_of_stores = report in OF_MONTHS and not STORES.keys().isdisjoint(chosen)
    found = where(reading, "stock_monthly" if is_of_stores else report, chosen)
    if not REPORTS[report][1]:
        return PackPart(report, found.sql, list(found.values))
    condition, values = f"{found.sql} and month = cast(? as date)", [*found.values, f"{month}-01"]
    return (
        PackPart(report, "true", values, months_of(report, condition))
        if is_of_stores
        else PackPart(report, condition, values)
    )
