"""The tables of a site as the packages share them: columns by what they mean, and the references between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl


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
    """A column of a site table and what it means (W2); a secret one never leaves the site (B39).

    ``is_required``: it is never null. ``default``: what a new record has there, as text, where its site does not have
    the column. ``words``: the list of what it may be; nothing where it may be anything of its kind.
    """

    name: str
    kind: Kind
    is_secret: bool = False
    meaning: str = ""
    is_required: bool = False
    default: str | None = None
    words: tuple[str, ...] = ()


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

    def no_rows(self, table: str) -> pl.DataFrame:
        """A frame of ``table`` without rows."""
        return pl.DataFrame(schema=self.frame_schema(table))

    def has(self, table: str, column: str) -> bool:
        """Whether there is such a column."""
        return any(one.name == column for one in self.tables.get(table, ()))

    def within(self, columns: Mapping[str, Collection[str]]) -> Schema:
        """The part of it that somebody has: ``columns`` by table."""
        tables = {
            name: tuple(column for column in self.tables[name] if column.name in there)
            for name, there in sorted(columns.items())
        }
        references = (
            one for one in self.references if one.column in columns.get(one.table, ()) and one.parent in columns
        )
        return Schema(tables, tuple(references), self.meanings)

    def only(self, tables: Iterable[str]) -> Schema:
        """Some of its tables, each with all its columns."""
        return self.within({table: {column.name for column in self.tables[table]} for table in tables})

    def whole_rows(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        """``rows`` with every column of ``table`` that may leave a site, of its type: those not given are null."""
        return rows.select(
            (pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, kind).alias(name))
            for name, kind in self.frame_schema(table).items()
        )

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
