"""Merges of records (spec section 7): who was merged into whom, and what that does to rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.oracle.tables import MERGES, TABLES, Key
from tests.oracle.topology import Row

Rows = dict[Key, Row]


class Merged:
    """Every record that was merged away, with the one kept for it; chains are followed to their end."""

    def __init__(self, known: dict[Key, str] | None = None) -> None:
        self.kept: dict[Key, str] = dict(known or {})

    def add(self, table: str, merged_id: str, kept_id: str) -> None:
        """A record is merged into another; what was merged into it before goes there too."""
        for key, kept in self.kept.items():
            if key[0] == table and kept == merged_id:
                self.kept[key] = kept_id
        self.kept[table, merged_id] = kept_id

    def now(self, table: str, record_id: Any) -> Any:
        """The record that is meant by an id."""
        return self.kept.get((table, record_id), record_id)

    def rewritten(self, table: str, row: Row) -> Row:
        """A row that names kept records only."""
        new = {column: self.now(named, row[column]) for column, named in TABLES[table].named.items()}
        if table in MERGES:
            new["kept_id"] = self.now(MERGES[table], row["kept_id"])
        if table == "custom_data":
            new["record_id"] = self.now(row["table_name"], row["record_id"])
        return {**row, **new}


def moved(rows: Iterable[tuple[Key, Row]], table: str, merged_id: str, kept_id: str) -> Rows:
    """The rows that named a record, naming the other now."""
    one = Merged({(table, merged_id): kept_id})
    found = {}
    for key, row in rows:
        new = one.rewritten(key[0], row)
        if new != row:
            found[key] = new
    return found


def group(key: Key, row: Row) -> tuple[Any, ...] | None:
    """What rows of a join table have in common that collapse; None where the row never does."""
    values = [row[column] for column in TABLES[key[0]].same]
    return (key[0], *values) if values and None not in values else None


def collapsed(rows: Rows) -> Row:
    """The one row that stays of several of a group: the lowest id's, with what the others say."""
    in_order = [row for _, row in sorted(rows.items())]
    table = next(iter(rows))[0]
    new = dict(in_order[0])
    for column in TABLES[table].either:
        said = [row[column] for row in in_order if row[column] is not None]
        new[column] = any(said) if said else None
    for column in TABLES[table].first:
        new[column] = next((row[column] for row in in_order if row[column] is not None), None)
    return new
