"""What a column has in rows that nobody wrote since it was added: what the database puts there by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.values import normalise
from sync_rules.schema import Column, Kind, Schema

_CONSTANT = re.compile(
    r"""\(*(?:'((?:[^']|'')*)'|([+-]?[\d.]+|true|false))\)*(?:::[\w ]+(?:\([\d, ]+\))?)?\)*""", re.IGNORECASE
)


def default_values(db: SiteDatabase, schema: Schema, table: str, names: Iterable[str]) -> Mapping[str, str | None]:
    """The defaults of some columns of a table as polars writes values of their kind; None for those that have none, or
    one that is worked out anew each time."""
    declared = {column.name: column for column in schema.tables[table]}
    found = db.column_defaults(table)
    return {name: _value(declared[name], found.get(name, "")) for name in sorted(names) if name in declared}


def _value(column: Column, sql: str) -> str | None:
    constant = _CONSTANT.fullmatch(sql.strip())
    if constant is None:
        return None
    text = constant[2] if constant[1] is None else constant[1].replace("''", "'")
    typed, _ = normalise(pl.DataFrame({"id": ["any"], column.name: [text]}), (Column("id", Kind.TEXT), column))
    value: str | None = typed[column.name].cast(pl.String).item()
    return value
