"""The tables in the words that the packages share."""

from __future__ import annotations

import sqlalchemy as sa

from sites.schema.words import SchemaWords, schema_words
from sync_rules.schema import Column, Reference, Schema


def definition(metadata: sa.MetaData) -> Schema:
    """The captured tables of ``metadata``: every one of them, by name, with its foreign keys (B6) and in words (W2)."""
    words = schema_words()
    tables = {
        name: tuple(_column(column, words) for column in table.columns)
        for name, table in sorted(metadata.tables.items())
    }
    references = {
        Reference(str(table.name), str(key.parent.name), str(key.column.table.name))
        for table in metadata.tables.values()
        for key in table.foreign_keys
    }
    ordered = sorted(references, key=lambda key: (key.table, key.column, key.parent))
    return Schema(tables, tuple(ordered), {name: words.table(name) for name in tables})


def _column(column: sa.Column[object], words: SchemaWords) -> Column:
    meaning = words.column(str(column.table.name), str(column.name))
    default = column.server_default
    return Column(
        str(column.name),
        column.info["kind"],
        bool(column.info.get("secret", False)),
        meaning,
        is_required=not column.nullable,
        default=str(default.arg) if isinstance(default, sa.DefaultClause) else None,
        words=column.info.get("words", ()),
    )
