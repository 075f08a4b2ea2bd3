"""The words of the field as values: what crosses the borders between the packages.

One word a thing (spec section 1). Frames that cross a border have the columns declared in
``sync_rules.frames``; everything else that crosses is a frozen dataclass or an enum from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from sync_rules.transfers import Condition


class SiteKind(StrEnum):
    """What runs at a site; a mobile site has at most one active store (T2)."""

    DESKTOP = "desktop"
    MOBILE = "mobile"


class SyncType(StrEnum):
    """The type of a store's instance on a site; no instance is none."""

    ACTIVE = "active"
    COLLECTOR = "collector"
    TRANSFER = "transfer"


class StoreMode(StrEnum):
    """How a store works; dispensaries serve patients."""

    STORE = "store"
    DISPENSARY = "dispensary"


class Verdict(StrEnum):
    """What central decides on a change (A1)."""

    ADMITTED = "admitted"
    REJECTED = "rejected"
    WAITING = "waiting"


class Op(StrEnum):
    """What a change does to a record once repeats are netted (P2)."""

    UPSERT = "upsert"
    DELETE = "delete"


class Kind(StrEnum):
    """The kinds of column a site table may have (B9)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    BOOLEAN = "boolean"


POLARS_TYPE: Mapping[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.DECIMAL: pl.Decimal(18, 6),
    Kind.DATE: pl.Date(),
    Kind.TIME: pl.Datetime("us", "UTC"),
    Kind.BOOLEAN: pl.Boolean(),
}


@dataclass(frozen=True)
class Column:
    """A column of a site table and what it means (W2); a secret one never leaves the site (B39)."""

    name: str
    kind: Kind
    is_secret: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Reference:
    """A foreign key: ``table.column`` names a record of ``parent`` (B6)."""

    table: str
    column: str
    parent: str


@dataclass(frozen=True)
class Schema:
    """The captured tables: their columns and the foreign keys between them.

    ``tables`` maps a table to its columns, ``id`` first. ``references`` are sorted. ``meanings``: what each is.
    """

    tables: Mapping[str, tuple[Column, ...]]
    references: tuple[Reference, ...]
    meanings: Mapping[str, str] = field(default_factory=dict)

    def travelling(self, table: str) -> tuple[Column, ...]:
        """The columns of ``table`` that may leave a site, in the table's order."""
        return tuple(column for column in self.tables[table] if not column.is_secret)

    def frame_schema(self, table: str) -> pl.Schema:
        """The polars schema of a frame of ``table``'s rows, secret columns left out."""
        return pl.Schema({column.name: POLARS_TYPE[column.kind] for column in self.travelling(table)})

    def parents_first(self) -> tuple[str, ...]:
        """Every table, each after the tables it refers to; ties by name."""
        waiting = {table: set[str]() for table in self.tables}
        for reference in self.references:
            if reference.parent != reference.table:
                waiting[reference.table].add(reference.parent)
        ordered: list[str] = []
        while waiting:
            ready = sorted(table for table, parents in waiting.items() if not parents)
            if not ready:
                raise ValueError(f"tables refer to each other in a circle: {sorted(waiting)}")
            ordered += ready
            for table in ready:
                del waiting[table]
            for parents in waiting.values():
                parents.difference_update(ready)
        return tuple(ordered)


@dataclass(frozen=True)
class Leaving:
    """Which rows of one table leave a site (P3).

    ``path`` leads from a row to the row that names its owner: pairs of (foreign key column,
    parent table). ``owner_column`` is the column there that holds the owning store's id, or
    None where every row leaves. Rows whose owner is in ``withheld`` stay at the site, unless
    the boolean ``exempt_column`` of the row that names the owner is true, or that row is half of a
    transfer: its other party is a store, and one of the conditions ``halves`` holds (B22, T6); ``parties`` are
    the names of stores that central knows, for the site may not have them all.
    ``whole`` names stores whose rows are read whole in this pull, changed or not (P9).
    ``only_inserts``: later edits and deletes stay (new users). ``only_keys``: only rows whose
    ``key`` column is one of these leave (preferences); of an empty set none does. ``all_keys``:
    the keys that leave any site; a row that loses its one is gone for the others. ``only_deletes``: only
    the deletes of these ids leave.
    """

    table: str
    path: tuple[tuple[str, str], ...] = ()
    owner_column: str | None = None
    withheld: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    only_inserts: bool = False
    only_keys: frozenset[str] | None = None
    all_keys: frozenset[str] | None = None
    only_deletes: frozenset[str] | None = None
    exempt_column: str | None = None
    halves: tuple[Condition, ...] = ()
    parties: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Identity:
    """Who a site database says it is (P6). ``epoch`` grows when a restored site is let in again."""

    site_id: int
    site_code: str
    database_uuid: str
    epoch: int


@dataclass(frozen=True)
class Skipped:
    """A row that delivery left alone, and why (B19)."""

    table_name: str
    record_id: str
    why: str  # "edited_since_pull" or "still_referenced"


@dataclass(frozen=True)
class Answer:
    """A site's answer to a change set (M4)."""

    number: int
    content_hash: str
    skipped: tuple[Skipped, ...] = field(default=())
