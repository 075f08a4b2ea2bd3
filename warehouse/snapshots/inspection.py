"""A published snapshot, looked at from outside for what must not be in it (B16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync_rules.schema import Schema
from warehouse.snapshots.contents import is_published
from warehouse.snapshots.current import Snapshot, open_snapshot
from warehouse.snapshots.kept_parts import KEPT

_OF_A_PATIENT = ("patient_id", "date_of_birth")


@dataclass(frozen=True)
class Inspection:
    """How many tables and columns a snapshot has, and those that it must not have, as ``table`` or ``table.column``."""

    tables: int
    columns: int
    found: Sequence[str]


def inspect_snapshot(snapshot: Snapshot, schema: Schema) -> Inspection:
    """What is in a snapshot besides what is published: tables of the ledger or of single patients and accounts, and
    columns that name a patient or are secret. Raises FileUnusable where it cannot be opened."""
    with open_snapshot(snapshot) as con:
        rows = con.execute("select schema_name, table_name, column_name from duckdb_columns() where not internal")
        columns = sorted(rows.fetchall())
    secret = {column.name for columns in schema.tables.values() for column in columns if column.is_secret}
    tables = sorted({(place, table) for place, table, _ in columns})
    found = [f"{place}.{table}" for place, table in tables if not _may_be_there(place, table, schema)]
    found += [
        f"{place}.{table}.{column}" for place, table, column in columns if column in secret or column in _OF_A_PATIENT
    ]
    return Inspection(len(tables), len(columns), found)


def _may_be_there(place: str, table: str, schema: Schema) -> bool:
    if place == "main":
        return table in schema.tables and is_published(table, schema)
    return table in KEPT if place == "kept" else place == "reports"
