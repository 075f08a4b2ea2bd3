"""The order of a site's tables, by the references that are declared and those that its database has itself."""

from __future__ import annotations

from collections.abc import Sequence

from sites.engines.surroundings import Surroundings
from sync_rules.schema import Reference, Schema


def references_here(schema: Schema, around: Surroundings) -> Sequence[Reference]:
    """The references between tables, with those that the database itself has and we do not ask for."""
    return sorted({*schema.references, *_found(schema, around)}, key=repr)


def order_here(schema: Schema, references: Sequence[Reference]) -> Sequence[str]:
    """The tables, parents first; as declared, where the database's own references go round in a circle."""
    try:
        return Schema(schema.tables, tuple(references)).parents_first()
    except ValueError:
        return schema.parents_first()


def _found(schema: Schema, around: Surroundings) -> set[Reference]:
    """The references of our tables to each other that the database has."""
    return {
        Reference(key.child_name, key.naming, key.table)
        for key in around.foreign_keys
        if key.child_name in schema.tables and key.naming is not None
    }
