"""Words on every table, view and column of the warehouse, so that any client shows them (W2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from sync_rules.schema import Schema
from warehouse.identifiers import literal, quote
from warehouse.reports.files import report_files

_LEDGER = Path(__file__).parent / "definitions" / "ledger_comments.sql"

Words = tuple[str, Mapping[str, str]]


def comment_on(con: duckdb.DuckDBPyConnection, schema: Schema, replica_schema: str) -> None:
    """Puts words on what exists of these in the connection's current database: the replicas, in ``replica_schema``, the
    reports, be they views or tables, and the ledger. What is there and has no words here is left as it is."""
    found = _relations(con)
    said = {(replica_schema, name): of_replica(schema, name) for name in schema.tables}
    said |= {("reports", file.name): (file.comment, file.columns) for file in report_files()}
    statements = [
        statement
        for place, words in said.items()
        if place in found
        for statement in _statements(place, *found[place], words)
    ]
    if any(relation == "ledger" for relation, _ in found):
        statements.append(_LEDGER.read_text(encoding="utf-8"))
    con.execute(";\n".join(statements))


def text_of_comments(schema: Schema) -> str:
    """All that ``comment_on`` goes by, so that a warehouse gets other words when they change."""
    return "\n".join([_LEDGER.read_text(encoding="utf-8"), *(repr(of_replica(schema, name)) for name in schema.tables)])


def of_replica(schema: Schema, table: str) -> Words:
    """What a replica is, and each of its columns: secret ones are in no replica."""
    columns = {column.name: column.meaning for column in schema.travelling(table)}
    return schema.meanings.get(table, ""), columns


def _relations(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[str, set[str]]]:
    """Schema and name of every table and view, with what it is and its columns."""
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    views = set(
        con.execute(
            "select schema_name, view_name from duckdb_views() where database_name = current_database() and not "
            "internal"
        ).fetchall()
    )
    columns = con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall()
    for relation, name, column in columns:
        kind = "view" if (relation, name) in views else "table"
        found.setdefault((relation, name), (kind, set()))[1].add(column)
    return found


def _statements(place: tuple[str, str], kind: str, existing: set[str], words: Words) -> Iterator[str]:
    name = ".".join(quote(part) for part in place)
    meaning, columns = words
    yield f"comment on {kind} {name} is {literal(meaning)}"
    for column, said in columns.items():
        if column in existing:
            yield f"comment on column {name}.{quote(column)} is {literal(said)}"
