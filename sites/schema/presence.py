"""What a site's database has of the declared tables: it may be of another version of the program (precision 33)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sites.engines.engine import SiteDatabase
from sync_rules.keys import key_columns
from sync_rules.schema import Schema
from sync_rules.table.parents import HEADER_OF

_OURS = ("supplysync_", "sqlite_")
_MANY = 16
_known: dict[tuple[str | None, int], tuple[Schema, Presence]] = {}
"""What was found, by the definitions of a database's tables."""


@dataclass(frozen=True)
class Presence:
    """What there is of the declared tables.

    ``schema``: the tables that are collected and delivered, with the columns that are there. ``absent``: tables that
    are not there; ``lacking``: the columns that others have not got. ``refused``: tables that are there and are neither
    collected nor delivered, and why. ``extra``: columns that are not declared, of tables that are; ``own_tables``: the
    program's own. ``watchable``: tables whose changes can be logged; ``unwatched``: why those of others cannot.
    """

    schema: Schema
    absent: tuple[str, ...] = ()
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_tables: tuple[str, ...] = ()
    watchable: frozenset[str] = frozenset()
    unwatched: Mapping[str, str] = field(default_factory=dict)

    def without(self, refused: Mapping[str, str]) -> Presence:
        """The same with further tables ``refused``, and why."""
        left = self.schema.tables.keys() - refused.keys()
        return replace(self, schema=self.schema.only(left), refused={**self.refused, **refused})

    def words(self) -> Iterator[str]:
        """What the database lacks of the declared tables, in words, sorted."""
        for table in sorted({*self.absent, *self.lacking}):
            if table in self.absent:
                yield f"table `{table}` is missing"
            for column in self.lacking.get(table, ()):
                yield f"table `{table}` has no column `{column}`"

    def further_words(self) -> Iterator[str]:
        """What it has besides, in words, sorted."""
        for table, columns in sorted(self.extra.items()):
            yield f"table `{table}` has {', '.join(f'`{column}`' for column in columns)} besides, not collected"
        if self.own_tables:
            many = f"{len(self.own_tables)} table{'s' if len(self.own_tables) > 1 else ''} of the program's own"
            yield f"{many}, not collected: {', '.join(self.own_tables)}"


def presence(db: SiteDatabase, schema: Schema) -> Presence:
    """What a database has of the tables of ``schema``. One look at the catalogue; most sites have the same tables, and
    what was found of these is known then.

    A table without one of its keys (``sync_rules.keys``), or without a column that is never null and has no default,
    or whose changes cannot be logged, is refused, and with it those whose records cannot be without its own.
    """
    key = (db.definitions(), id(schema))
    if key[0] is None:
        return _looked_at(db, schema)
    known = _known.get(key)
    if known is None:
        if len(_known) >= _MANY:
            _known.clear()
        known = _known[key] = (schema, _looked_at(db, schema))
    return known[1]


def _looked_at(db: SiteDatabase, schema: Schema) -> Presence:
    found = db.column_names()
    declared = {table: {column.name for column in columns} for table, columns in schema.tables.items()}
    there = {table: found[table] for table in declared if table in found}
    lacking = {table: _missing(schema, table, columns) for table, columns in there.items()}
    absent = declared.keys() - there.keys()
    unwatched = {table: "it has no column `id`" for table, columns in there.items() if "id" not in columns}
    unwatched |= db.unwatchable(there.keys() - unwatched.keys())
    refused = {table: _refusal(schema, table, columns) for table, columns in lacking.items()}
    refused = unwatched | {table: why for table, why in refused.items() if why}
    refused = _with_dependents(schema, refused, absent)
    return Presence(
        schema.within({table: there[table] for table in there if table not in refused}),
        tuple(sorted(absent)),
        {table: columns for table, columns in lacking.items() if columns},
        refused,
        {table: tuple(sorted(more)) for table, columns in there.items() if (more := columns - declared[table])},
        tuple(sorted(table for table in found.keys() - declared.keys() if not table.startswith(_OURS))),
        frozenset(there.keys() - unwatched.keys()),
        dict(sorted(unwatched.items())),
    )


def _missing(schema: Schema, table: str, there: Iterable[str]) -> tuple[str, ...]:
    names = set(there)
    return tuple(column.name for column in schema.tables[table] if column.name not in names)


def _refusal(schema: Schema, table: str, lacking: Iterable[str]) -> str:
    """Why a table that lacks these columns is not collected; nothing where it is."""
    needed = key_columns(table) | {
        column.name for column in schema.tables[table] if column.is_required and column.default is None
    }
    return ", ".join(f"it has no column `{name}`" for name in lacking if name in needed)


def _with_dependents(schema: Schema, refused: Mapping[str, str], absent: Iterable[str]) -> dict[str, str]:
    """The refused tables, and those whose records need a record of a table that is refused or absent."""
    found, gone = dict(refused), set(absent)
    needs = [
        one
        for one in schema.references
        if HEADER_OF.get(one.table) == one.parent
        or any(column.is_required for column in schema.tables[one.table] if column.name == one.column)
    ]
    while True:
        further = {
            one.table: f"its records belong to those of table `{one.parent}`, which is not collected"
            for one in needs
            if one.parent in found.keys() | gone and one.table not in found.keys() | gone
        }
        if not further:
            return dict(sorted(found.items()))
        found |= further
