"""The words the tables of a site are written in: columns by what they mean.

Every function returns a list of columns, so that a table reads in a line or two. The kind of a
column (B9) is kept in its ``info``; the capture, the pull and the delivery rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from sync_rules.schema import Kind

METADATA = sa.MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Columns = list[sa.Column[Any]]

# An engine whose own types do not keep the values of B9 says so in its dialect.
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: sa.Text(),
    Kind.INTEGER: sa.BigInteger(),
    Kind.DECIMAL: sa.Numeric(15, 6),
    Kind.DATE: sa.Date(),
    Kind.TIME: sa.DateTime(timezone=True),
}


def _column(name: str, kind: Kind, *more: Any, **options: Any) -> sa.Column[Any]:
    info = {"kind": kind} | options.pop("info", {})
    column_type = sa.Boolean(create_constraint=True, name=name) if kind is Kind.BOOLEAN else _TYPES[kind]
    return sa.Column(name, column_type, *more, info=info, **options)


def table(name: str, *columns: Iterable[sa.Column[Any]]) -> sa.Table:
    """A captured table: one text key ``id`` (B10), no other unique key, then the given columns."""
    key = _column("id", Kind.TEXT, primary_key=True, nullable=False)
    return sa.Table(name, METADATA, key, *(column for group in columns for column in group))


def text(*names: str) -> Columns:
    """Texts of any length."""
    return [_column(name, Kind.TEXT) for name in names]


def integer(*names: str) -> Columns:
    """Whole numbers: document numbers, counts of months."""
    return [_column(name, Kind.INTEGER) for name in names]


def decimal(*names: str) -> Columns:
    """Quantities (packs or units, as the name says) and prices; exact, six decimals (B9)."""
    return [_column(name, Kind.DECIMAL) for name in names]


def date(*names: str) -> Columns:
    """Calendar days."""
    return [_column(name, Kind.DATE) for name in names]


def time(*names: str) -> Columns:
    """Moments, UTC."""
    return [_column(name, Kind.TIME) for name in names]


def boolean(*names: str) -> Columns:
    """Yes or no; 0 or 1 with a CHECK on SQLite."""
    return [_column(name, Kind.BOOLEAN) for name in names]


def one_of(name: str, *values: str) -> Columns:
    """A text that takes one of ``values`` only."""
    allowed = ", ".join(f"'{value}'" for value in values)
    check = sa.CheckConstraint(f"{name} IN ({allowed})", name=name)
    return [_column(name, Kind.TEXT, check, info={"words": values})]


def secret(*names: str) -> Columns:
    """Texts that never leave the site (B39)."""
    return [_column(name, Kind.TEXT, info={"secret": True}) for name in names]


def refers(name: str, to: str | None = None) -> Columns:
    """A foreign key to data that every site has (B6); the parent is in the name unless ``to`` says it."""
    parent = to or name.removesuffix("_id")
    return [_column(name, Kind.TEXT, sa.ForeignKey(f"{parent}.id"))]


def part_of(parent: str) -> Columns:
    """The foreign key of a line to its document, or of a patient's record to the patient (B6)."""
    return [_column(f"{parent}_id", Kind.TEXT, sa.ForeignKey(f"{parent}.id"), nullable=False, index=True)]


def loose(*names: str) -> Columns:
    """Ids of records that may not be on this site; they carry no foreign key (B6)."""
    return [_column(name, Kind.TEXT) for name in names]


def owner() -> Columns:
    """The store that owns the row; no foreign key (B6)."""
    return [_column("store_id", Kind.TEXT, nullable=False)]
