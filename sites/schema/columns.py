"""The words the tables of a site are written in: columns by what they mean.

Every function returns a list of columns, so that a table reads in a line or two. The kind of a
column (B9) is kept; the capture, the pull and the delivery rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync_rules.schema import Kind


@dataclass(frozen=True)
class DeclaredColumn:
    """A column of a reference table. ``parent``: the table that its foreign key names; ``words``: what it may be, where
    it is a list; ``default``: what the database puts there."""

    name: str
    kind: Kind
    parent: str | None = None
    is_required: bool = False
    is_indexed: bool = False
    is_secret: bool = False
    words: tuple[str, ...] = ()
    default: str | None = None


Columns = list[DeclaredColumn]
Tables = dict[str, tuple[DeclaredColumn, ...]]

DECLARED: Tables = {}
"""The reference tables, by name; the key ``id`` of each is its first column."""


def table(name: str, *columns: Iterable[DeclaredColumn]) -> str:
    """A captured table: one text key ``id`` (B10), no other unique key, then the given columns. Returns its name."""
    key = DeclaredColumn("id", Kind.TEXT, is_required=True)
    DECLARED[name] = (key, *(column for group in columns for column in group))
    return name


def text(*names: str) -> Columns:
    """Texts of any length."""
    return [DeclaredColumn(name, Kind.TEXT) for name in names]


def integer(*names: str) -> Columns:
    """Whole numbers: document numbers, counts of months."""
    return [DeclaredColumn(name, Kind.INTEGER) for name in names]


def decimal(*names: str) -> Columns:
    """Quantities (packs or units, as the name says) and prices; exact, six decimals (B9)."""
    return [DeclaredColumn(name, Kind.DECIMAL) for name in names]


def date(*names: str) -> Columns:
    """Calendar days."""
    return [DeclaredColumn(name, Kind.DATE) for name in names]


def time(*names: str) -> Columns:
    """Moments, UTC."""
    return [DeclaredColumn(name, Kind.TIME) for name in names]


def boolean(*names: str) -> Columns:
    """Yes or no; 0 or 1 with a CHECK on SQLite."""
    return [DeclaredColumn(name, Kind.BOOLEAN) for name in names]


def one_of(name: str, *values: str) -> Columns:
    """A text that takes one of ``values`` only."""
    return [DeclaredColumn(name, Kind.TEXT, words=values)]


def secret(*names: str) -> Columns:
    """Texts that never leave the site (B39)."""
    return [DeclaredColumn(name, Kind.TEXT, is_secret=True) for name in names]


def refers(name: str, to: str | None = None) -> Columns:
    """A foreign key to data that every site has (B6); the parent is in the name unless ``to`` says it."""
    return [DeclaredColumn(name, Kind.TEXT, parent=to or name.removesuffix("_id"))]


def part_of(parent: str) -> Columns:
    """The foreign key of a line to its document, or of a patient's record to the patient (B6)."""
    return [DeclaredColumn(f"{parent}_id", Kind.TEXT, parent=parent, is_required=True, is_indexed=True)]


def loose(*names: str) -> Columns:
    """Ids of records that may not be on this site; they carry no foreign key (B6)."""
    return [DeclaredColumn(name, Kind.TEXT) for name in names]


def owner() -> Columns:
    """The store that owns the row; no foreign key (B6)."""
    return [DeclaredColumn("store_id", Kind.TEXT, is_required=True)]
