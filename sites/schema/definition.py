"""The tables in the words that the packages share."""

from __future__ import annotations

from sites.schema.columns import DeclaredColumn, Tables
from sites.schema.words import SchemaWords, schema_words
from sync_rules.schema import Column, Reference, Schema


def definition(declared: Tables) -> Schema:
    """The captured tables that are ``declared``: every one of them, by name, with its foreign keys (B6) and in words
    (W2)."""
    words = schema_words()
    tables = {
        name: tuple(_column(name, column, words) for column in columns) for name, columns in sorted(declared.items())
    }
    references = {
        Reference(name, column.name, column.parent)
        for name, columns in declared.items()
        for column in columns
        if column.parent
    }
    ordered = sorted(references, key=lambda key: (key.table, key.column, key.parent))
    return Schema(tables, tuple(ordered), {name: words.table(name) for name in tables})


def _column(table: str, column: DeclaredColumn, words: SchemaWords) -> Column:
    return Column(
        column.name,
        column.kind,
        column.is_secret,
        words.column(table, column.name),
        is_required=column.is_required,
        default=column.default,
        words=column.words,
    )
