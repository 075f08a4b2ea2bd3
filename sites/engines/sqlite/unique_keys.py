"""The unique keys of SQLite tables, which `or replace` looks at (B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote

_KEYS = """
select m.name, l.name, x.name, upper(x.coll)
from sqlite_master as m, pragma_index_list(m.name) as l, pragma_index_xinfo(l.name) as x
where m.type = 'table' and l."unique" = 1 and x.key = 1
order by m.name, l.name, x.seqno
"""
_GENERATED = """
select m.name, x.name
from sqlite_master as m, pragma_table_xinfo(m.name) as x
where m.type = 'table' and x.hidden in (2, 3)
"""
_COLLATE = {"BINARY": " collate binary", "NOCASE": " collate nocase", "RTRIM": " collate rtrim"}


@dataclass(frozen=True)
class UniqueKey:
    """The columns of one unique index and how it compares them.

    The condition of a partial index is left out: at worst a row is logged that stays, and
    then its current values are sent once more.
    """

    parts: tuple[tuple[str, str], ...]
    is_generated: bool = False  # a column of it follows from others, and no update names it

    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.parts)

    def is_id(self) -> bool:
        """Whether this is the key that names the record."""
        return self.columns() == ("id",)

    def same_key(self) -> str:
        """The condition that a row of the table has the key of row ``new``; NULL is equal to nothing."""
        return " and ".join(f"{quote(name)} = new.{quote(name)}{_COLLATE[collation]}" for name, collation in self.parts)


def unique_keys(db: SiteDatabase, tables: Iterable[str]) -> Mapping[str, tuple[UniqueKey, ...] | str]:
    """The unique keys of ``tables`` in a SQLite database; why, in words, of a table that cannot be watched.

    That is one with a unique index on an expression, or with an order that only its program knows; and one whose `id`
    is not unique, which is no key.
    """
    keys: dict[str, tuple[UniqueKey, ...]] = dict.fromkeys(tables, ())
    odd: dict[str, str] = {}
    generated = set(db.execute(_GENERATED))
    for (table, index), rows in groupby(db.execute(_KEYS), key=lambda row: (row[0], row[1])):
        if table not in keys:
            continue
        parts = tuple((column, collation) for _, _, column, collation in rows)
        if any(column is None or collation not in _COLLATE for column, collation in parts):
            odd.setdefault(table, index)
            continue
        is_generated = any((table, column) in generated for column, _ in parts)
        keys[table] = (*keys[table], UniqueKey(parts, is_generated))
    return {table: _odd(odd[table]) if table in odd else _keyed(found) for table, found in keys.items()}


def _odd(index: str) -> str:
    return (
        f"its unique index `{index}` is on an expression, which cannot be watched: put it on a generated column or "
        "drop it, then run `supplysync capture install`"
    )


def _keyed(found: tuple[UniqueKey, ...]) -> tuple[UniqueKey, ...] | str:
    if any(key.is_id() for key in found):
        return found
    return "its `id` is not a key: make it the primary key, then run `supplysync capture install`"
