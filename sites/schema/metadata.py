"""The reference tables as SQLAlchemy knows tables: it writes their DDL for each engine."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sites.schema.columns import DeclaredColumn, Tables
from sync_rules.schema import Kind

# An engine whose own types do not keep the values of B9 says so in its dialect.
_TYPES: dict[Kind, Any] = {
    Kind.TEXT: sa.Text(),
    Kind.INTEGER: sa.BigInteger(),
    Kind.DECIMAL: sa.Numeric(15, 6),
    Kind.DATE: sa.Date(),
    Kind.TIME: sa.DateTime(timezone=True),
}


def metadata_of(declared: Tables) -> sa.MetaData:
    """The tables that are ``declared``, with their foreign keys, checks and indexes."""
    found = sa.MetaData(
        naming_convention={
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    for name, columns in declared.items():
        sa.Table(name, found, *map(_column, columns))
    return found


def _column(one: DeclaredColumn) -> sa.Column[Any]:
    is_boolean = one.kind is Kind.BOOLEAN
    column_type = sa.Boolean(create_constraint=True, name=one.name) if is_boolean else _TYPES[one.kind]
    more: list[Any] = [sa.ForeignKey(f"{one.parent}.id")] if one.parent else []
    if one.words:
        allowed = ", ".join(f"'{word}'" for word in one.words)
        more.append(sa.CheckConstraint(f"{one.name} IN ({allowed})", name=one.name))
    return sa.Column(
        one.name,
        column_type,
        *more,
        primary_key=one.name == "id",
        nullable=not one.is_required,
        index=one.is_indexed or None,
        server_default=one.default,
    )
