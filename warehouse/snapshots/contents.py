"""What of the warehouse is published (B16): every replica but those about single patients, their secrets and users, and
those that are empty by rule."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version

import duckdb

from sync_rules.mentions import NAMED_BY
from sync_rules.schema import Schema
from sync_rules.table.rules import is_only_local
from warehouse.reports.comments import text_of_comments
from warehouse.reports.files import macros, published_macros, report_files

STORAGE_VERSION = "v1.2.0"
"""The file format: DuckDB 1.2 and everything newer reads it."""

_PATIENT_LEVEL = re.compile(
    r"patient|patient_\w+|prescription\w*|repeat|insurance_policy|prescriber_store_join|message|store_credential|user_account"
)
_PATIENT = "patient"


def is_published(table: str, schema: Schema) -> bool:
    """Whether the rows of a table are in snapshots: not where it is named by B16, nor where its rows name a patient,
    nor where they never leave their sites."""
    names_one = any(one.table == table and one.parent == _PATIENT for one in schema.references)
    return _PATIENT_LEVEL.fullmatch(table) is None and not names_one and not is_only_local(table)


_published: dict[int, tuple[Schema, tuple[str, ...]]] = {}


def published_tables(schema: Schema) -> tuple[str, ...]:
    """The tables that snapshots have, by name: worked out once for a schema, since it is asked for each of them."""
    known = _published.get(id(schema))
    if known is None or known[0] is not schema:
        tables = tuple(table for table in sorted(schema.tables) if is_published(table, schema))
        known = _published[id(schema)] = (schema, tables)
    return known[1]


def row_condition(table: str, schema: Schema) -> str:
    """Which rows of a published table are published, as SQL: values kept for any record, only where its table is
    published, whatever else people wrote there."""
    if table != NAMED_BY.table:
        return "true"
    published = ", ".join(f"'{one}'" for one in published_tables(schema))
    return f"{NAMED_BY.table_column} in ({published})"


def form(schema: Schema) -> str:
    """A hash of everything but the data that the content of a snapshot follows from: one that was made otherwise is not
    built upon."""
    parts: list[object] = [version("supplysync"), duckdb.__version__, STORAGE_VERSION, macros(), published_macros()]
    parts.append(text_of_comments(schema))
    parts += [file.sql for file in report_files()]
    for table in published_tables(schema):
        parts.append((table, row_condition(table, schema)))
        parts += [(column.name, column.kind.value) for column in schema.travelling(table)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
