"""What a warehouse consists of besides its rows: its own tables, the replicas, the reports and their words."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from sync_rules.codes import REASONS, SKIPS, Cause, Reason
from sync_rules.schema import Kind, Schema
from warehouse.identifiers import quote
from warehouse.reports.comments import comment_on, text_of_comments
from warehouse.reports.files import macros, report_files

DUCKDB_TYPE = {
    Kind.TEXT: "varchar",
    Kind.INTEGER: "bigint",
    Kind.DECIMAL: "decimal(18, 6)",
    Kind.DATE: "date",
    Kind.TIME: "timestamptz",
    Kind.BOOLEAN: "boolean",
}
_SQL = Path(__file__).parent
_wholes: dict[tuple[int, Path], tuple[Schema, str]] = {}


def is_complete(con: duckdb.DuckDBPyConnection, schema: Schema) -> bool:
    """Whether the warehouse is as this version of the program and ``schema`` make one."""
    try:
        return con.execute("select text from report_text").fetchall() == [(hash_of_all(schema),)]
    except duckdb.CatalogException:
        return False  # a new one


def complete(con: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Makes it so, whatever version it is of, or new; in the caller's transaction."""
    _migrate(con, schema)
    _create_replicas(con, schema)
    _create_reports(con, schema)


def hash_of_all(schema: Schema) -> str:
    """A hash of all that a warehouse consists of but for its rows: worked out once, since it is asked at each
    opening."""
    key = (id(schema), _SQL)
    if key not in _wholes:
        parts = [file.name for file in _migrations()]
        parts += [f"{table}.{one.name} {one.kind}" for table in schema.tables for one in schema.travelling(table)]
        parts += [
            macros(),
            *(file.sql for file in report_files()),
            repr(_reasons()),
            text_of_comments(schema),
        ]
        _wholes[key] = (schema, hashlib.sha256("\n".join(parts).encode()).hexdigest())
    return _wholes[key][1]


def _migrations() -> list[Path]:
    return sorted((_SQL / "schema").glob("*.sql"))


def _reasons() -> list[tuple[str, str, str]]:
    codes: dict[str, Cause | Reason] = {**SKIPS, **REASONS}  # one that is in both is about a change
    return [(code, one.rule, one.explanation) for code, one in codes.items()]


def _migrate(con: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Numbered files, forward only; the database remembers the last one run. Those after the first may read
    replicas."""
    con.execute("create table if not exists schema_version (version integer not null)")
    [(done,)] = con.execute("select coalesce(max(version), 0) from schema_version").fetchall()
    for file in _migrations():
        number = int(file.name.split("_")[0])
        if number > done:
            if number > 1:
                _create_replicas(con, schema)
            con.execute(file.read_text())
            con.execute("insert into schema_version values (?)", [number])


def _create_replicas(con: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """A replica for each captured table, secret columns left out (B39); new columns are added."""
    found = con.execute("select table_name, column_name from duckdb_columns() where schema_name = 'replica'").fetchall()
    existing: dict[str, set[str]] = {}
    for table, column in found:
        existing.setdefault(table, set()).add(column)
    for table in sorted(schema.tables):
        columns = {column.name: DUCKDB_TYPE[column.kind] for column in schema.travelling(table)}
        if table not in existing:
            listed = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
            con.execute(f"create table replica.{quote(table)} ({listed})")
        for name in columns.keys() - existing.get(table, columns.keys()):
            con.execute(f"alter table replica.{quote(table)} add column {quote(name)} {columns[name]}")


def _create_reports(con: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """The macros, views and comments, made anew when their text changed, so that they are always this version's."""
    con.execute("create table if not exists report_text (text varchar not null)")
    con.execute("drop schema if exists reports cascade")
    con.execute("create schema reports")
    con.execute(macros())
    for file in report_files():
        con.execute(f"create view reports.{quote(file.name)} as\n{file.sql}")
    con.execute("delete from ledger.reason")
    con.executemany("insert into ledger.reason values (?, ?, ?)", _reasons())
    con.execute("delete from report_text")
    con.execute("insert into report_text values (?)", [hash_of_all(schema)])
    comment_on(con, schema, "replica")
