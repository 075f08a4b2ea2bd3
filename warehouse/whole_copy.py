"""Copies of the working warehouse, and what is in one, as hashes to compare (B54)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from sync_rules.schema import Schema
from warehouse.connection import open_warehouse, quote
from warehouse.reports.evaluation import evaluate, in_memory
from warehouse.reports.files import report_files
from wire.file_errors import naming
from wire.whole_files import flush

_NOT_OF_CYCLES = ("publication", "unpublished", "snapshot_history")
"""Tables of the ledger that publishing writes, and no cycle; a report of that name is of one."""


def copy_warehouse(warehouse: Path, schema: Schema, target: Path) -> None:
    """A copy of the warehouse's file as it is now; nobody writes to it meanwhile. Raises FileUnusable, WarehouseBusy as
    opening it does.

    The file is opened before DuckDB opens it and closed after: whoever closes a file gives back all locks that its
    process has on it.
    """
    with naming(warehouse), warehouse.open("rb") as source, open_warehouse(warehouse, schema) as con:
        con.execute("checkpoint")
        with naming(target), target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 22)
    flush(target)


def table_hashes(con: duckdb.DuckDBPyConnection, schemas: tuple[str, ...] = ("ledger", "replica")) -> Mapping[str, str]:
    """Of each table of these schemas, by name, how many rows it has and a hash of them, whatever their order; what
    publishing writes is left out."""
    found = con.execute(
        "select schema_name, table_name from duckdb_tables() where schema_name in (select unnest(?::varchar[])) "
        "and table_name not in (select unnest(?::varchar[])) order by all",
        [schemas, _NOT_OF_CYCLES],
    ).fetchall()
    return {f"{schema}.{table}": _hash(con, f"{schema}.{quote(table)}") for schema, table in found}


def report_hashes(con: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """The same of each report, as it was at the moment when the last cycle began."""
    names = [file.name for file in report_files() if file.name not in _NOT_OF_CYCLES]
    con.execute("set variable as_of_at = (select max(started_at) from ledger.cycle)")
    try:
        evaluate(con, in_memory, without=_NOT_OF_CYCLES)
        return {f"reports.{name}": _hash(con, in_memory(name)) for name in names}
    finally:
        con.execute("reset variable as_of_at")
        for name in names:
            con.execute(f"drop table if exists {in_memory(name)}")


def _hash(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Sums of both halves of the rows' hashes: rows may come in any order, and each counts as often as it is there."""
    columns = con.execute(f"select * from {table} limit 0").description or []
    row = ", ".join(f"{quote(name)} := {quote(name)}::varchar" for name in sorted(column[0] for column in columns))
    text = f"struct_pack({row})::varchar"
    [(rows, *sums)] = con.execute(
        f"select count(*), coalesce(sum(md5_number_lower({text})::hugeint), 0), "
        f"coalesce(sum(md5_number_upper({text})::hugeint), 0) from {table}"
    ).fetchall()
    return "-".join(map(str, (rows, *sums)))
