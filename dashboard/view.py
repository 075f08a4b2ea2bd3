"""What a page is given: the snapshot it reads, what is chosen in its address, and how to link to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard import filters
from dashboard.conditions import ALL, MOST_VALUES, OPTIONS, SEVERAL, SORTS_OF_STORES, BadFilter, values_of
from dashboard.filters import Where
from dashboard.guests.guest import Guest, may_be_of_some
from dashboard.languages.text import no_filter, no_such_page, no_such_value, translated
from dashboard.links import Links
from dashboard.reader import Reading
from warehouse.connection import quote
from warehouse.exports.write import FORMATS

ROWS_A_PAGE = 200
ROWS_IN_FILES = 100
"""Of a list that has only its first page among files: the download beside it has all."""
FEW = 120
"""Up to so many options are shown as links; more are found by a word."""

CELLS_OF_A_BOOK = 20_000
"""Among files, what has more cells is no workbook: they are all made at once, and copied together."""

_RECORDS = {"item": "/stock/item/", "store": "/stock/store/", "site": "/sync/"}


class NotThere(LookupError):
    """A page, a record or a page number that does not exist. The page says 404."""


@dataclass(frozen=True)
class Paged:
    """Some of the rows of a list: ``total`` in all, from number ``first`` (from 1) on, page ``number`` of ``pages``."""

    rows: list[dict[str, Any]]
    total: int
    first: int
    number: int
    pages: int


@dataclass(frozen=True)
class View:
    """One request: ``chosen`` are the parameters of its address, without the page number and the order: ``sort`` is a
    column, with ``-`` before it where the most comes first.

    ``defaults`` are what the page chooses where nothing is asked; they are among ``chosen`` then.
    """

    reading: Reading
    links: Links
    path: str
    chosen: Mapping[str, str]
    page: int = 1
    defaults: Mapping[str, str] = field(default_factory=dict)
    sort: str | None = None
    guest: Guest | None = None

    def sees(self, path: str) -> bool:
        """Is the page at a path for who looks at this one?"""
        return not self.reading.is_part or may_be_of_some(path)

    @property
    def asked(self) -> Mapping[str, str]:
        """What is chosen and the order: what links to this page keep."""
        return {**self.chosen, **({"sort": self.sort} if self.sort else {})}

    def to(self, path: str, **chosen: str) -> str:
        """A link to a page, filtered."""
        return self.links.to(path, **chosen)

    def record(self, kind: str, code: str | None, **chosen: str) -> str | None:
        """A link to the page of an item, store or site; None where it has none: no code, or one of no record."""
        return self.to(f"{_RECORDS[kind]}{code}", **chosen) if self.knows(kind, code) else None

    def pair(self, item: str | None, store: str | None) -> str | None:
        """A link to one item at one store; None where either has no page, and among files, which would be too many."""
        if self.links.is_static or not (self.knows("item", item) and self.knows("store", store)):
            return None
        return self.to("/stock/pair", item=item or "", store=store or "")

    def document(self, initiating_id: str) -> str | None:
        """A link to what a transfer holds; None among files, which would be one for each."""
        return None if self.links.is_static else self.to(f"/transfers/of/{initiating_id}")

    @property
    def is_large(self) -> bool:
        """Are there more stores than a list is looked through for?"""
        return len(self.reading.codes["store"]) > FEW

    def knows(self, kind: str, code: str | None) -> bool:
        """Can this item, store or site be asked for by its code?"""
        return self.links.holds(code) and code in self.reading.codes[kind]

    def set(self, name: str, value: str | None) -> str:
        """A link to this page with one parameter changed."""
        return self.links.changed(self.path, self.asked, name, value)

    def values(self, name: str) -> list[str]:
        """What is chosen for a parameter."""
        return values_of(self.chosen[name]) if name in self.chosen else []

    def kept(self) -> list[tuple[str, str]]:
        """Each value that is chosen, by its parameter: what a form sends along."""
        return [(name, value) for name in self.chosen for value in self.values(name)]

    def pairs(self) -> list[tuple[str, str]]:
        """Each value that is chosen, by its parameter, but for those that leave everything."""
        return [(name, value) for name, value in self.kept() if value != ALL]

    def add(self, name: str, value: str) -> str | None:
        """A link to this page with one more value for a parameter that has some; None where it cannot have it."""
        held = self.values(name)
        if self.links.is_static or not self.restricts(name) or value in held or len(held) >= MOST_VALUES:
            return None
        return self.set(name, SEVERAL.join([*held, value]))

    def drop(self, name: str, value: str) -> str:
        """A link to this page without one of the values of a parameter."""
        left = SEVERAL.join(one for one in self.values(name) if one != value)
        return self.set(name, left) if left else self.without(name)

    def ordered(self, column: str) -> str | None:
        """Whether the list is ordered by a column: ascending, descending, or None."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort or "")

    def order(self, column: str, first: str = "-") -> str:
        """A link to this page ordered by a column: ``first`` (``-``: the most first) at first, then the other way."""
        turned = {f"{first}{column}": column if first else f"-{column}"}
        return self.set("sort", turned.get(self.sort or "", f"{first}{column}"))

    def is_under(self, path: str) -> bool:
        """Does this page belong to the one at a path, as an item belongs to stock?"""
        is_below = path != "/" and self.path.startswith(f"{path}/")
        return is_below or (self.path, path) == ("/waiting", "/rejected")

    def without(self, name: str) -> str:
        """A link to this page with nothing chosen for one parameter."""
        return self.set(name, ALL if name in self.defaults else None)

    def restricts(self, name: str) -> bool:
        """Is anything chosen for the parameter?"""
        return self.chosen.get(name, ALL) != ALL

    def turn(self, page: int) -> str:
        """A link to another page of the same list."""
        return self.links.changed(self.path, self.asked, "page", str(page) if page > 1 else None)

    def export(self, report: str, file_format: str, chosen: Mapping[str, str] | None = None) -> str:
        """A link to the report as a file, filtered and ordered as this page is, or as said."""
        asked = self.chosen if chosen is None else chosen
        if chosen is None and self.sort and self.sort.removeprefix("-") in self.reading.columns(report):
            asked = {**asked, "sort": self.sort}
        return self.links.export(report, file_format, asked)

    def formats(self, report: str) -> list[str]:
        """The formats to offer a report in: among files Parquet, and a workbook where that is not large."""
        if not self.links.is_static:
            return list(FORMATS)
        is_small = self.reading.count(report) * len(self.reading.columns(report)) <= CELLS_OF_A_BOOK
        return ["xlsx", "parquet"] if is_small else ["parquet"]

    def where(self, report: str, **fixed: str) -> Where:
        """The conditions of this page on a report. Raises BadFilter."""
        return filters.where(self.reading, report, {**self.chosen, **fixed})

    def counts(self, report: str, name: str, **fixed: str) -> list[tuple[str, int, str, bool]]:
        """Each choice of a filter: value, rows behind its link, the link, and whether it is the one chosen."""
        others = {} if self.links.is_static else {key: value for key, value in self.chosen.items() if key != name}
        found = filters.counts(self.reading, name, filters.where(self.reading, report, {**others, **fixed}))
        return [
            (value, number, self.set(name, value), value in self.values(name))
            for value, number in found.items()
            if value != ALL
        ]

    def options(self, name: str) -> list[tuple[str, str, str, bool]]:
        """Each value of a parameter: itself, its name, the link, whether it is chosen; stores of the sorts chosen.

        Empty if there are too many.
        """
        if not self.links.keeps(self.path, name):
            return []
        found = list(self.reading.tuples(OPTIONS[name]))
        sorts = {sort: self.chosen[sort] for sort in SORTS_OF_STORES if self.restricts(sort)}
        if name == "store" and sorts:
            within = filters.where(self.reading, "stores", sorts)
            sql = f"select store_code from reports.stores where {within.sql}"
            held = {code for (code,) in self.reading.tuples(sql, list(within.values))}
            found = [(code, text) for code, text in found if code in held]
        if len(found) > FEW:
            return []
        return [
            (code, text, self.set(name, code), code in self.values(name))
            for code, text in found
            if self.links.holds(code)
        ]

    def paged(self, found: Where, size: int = ROWS_A_PAGE, columns: str = "*") -> Paged:
        """This page of the rows found. Raises NotThere beyond the last."""
        if self.links.is_static and not self.links.keeps(self.path, "page"):
            size = min(size, ROWS_IN_FILES)
        offset = (self.page - 1) * size
        tail = f"limit {size:d} offset {offset:d}"
        rows = filters.read(self.reading, found, columns, tail, order_of(self.reading, found.report, self.sort))
        total = len(rows) if not offset and len(rows) < size else filters.count(self.reading, found)
        number, pages = self.number_of_pages(total, size)
        return Paged(rows, total, offset + 1, number, pages)

    def number_of_pages(self, total: int, size: int) -> tuple[int, int]:
        """Which page this is, and of how many. Raises NotThere beyond the last."""
        pages = max(1, -(-total // size))
        if self.page > pages:
            raise NotThere(no_such_page(pages, self.page))
        return self.page, pages

    def only(self, *names: str) -> None:
        """Refuses any other parameter. Raises BadFilter."""
        for name in self.asked:
            if name not in names:
                raise BadFilter(no_filter(name, names))

    def unordered(self) -> None:
        """Refuses any order. Raises BadFilter."""
        if self.sort:
            raise BadFilter(translated("there is no order but one here"))

    def one_of(self, name: str, values: tuple[str, ...]) -> str:
        """A parameter that has a value always, the first if none is chosen. Raises BadFilter for another."""
        value = self.asked.get(name, values[0])
        if value not in values:
            raise BadFilter(no_such_value(name, values, value))
        return value


def order_of(reading: Reading, report: str, sort: str | None) -> str:
    """How rows are ordered, as SQL: by a column, the most first with ``-`` before it; rows that have nothing in it come
    last. Raises BadFilter."""
    if not sort:
        return "rowid"
    if (column := sort.removeprefix("-")) not in reading.columns(report):
        raise BadFilter(
            translated("`%(report)s` has no column `%(column)s` to be ordered by", report=report, column=column)
        )
    by = f"lower({quote(column)})" if column.endswith("_name") else quote(column)
    return f"{by} {'desc' if sort.startswith('-') else 'asc'} nulls last, rowid"
