"""Reading the views of schema `reports`; their SQL is in the folder of the same name, one view a file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from sync_rules.words import Schema
from warehouse.connection import open_warehouse, query, quote

NAMES = frozenset(file.stem for file in (Path(__file__).parent / "reports").glob("*.sql")) - {"reporting_store"}


_KNOWN_CODES = {"store_code": "replica.store", "item_code": "replica.item"}


class QueryRefused(ValueError):
    """A query that is not one reading statement, or that DuckDB cannot run."""


class UnknownFilter(ValueError):
    """A filter by a column that the report does not have, or by a code that nothing has."""


def read(
    con: duckdb.DuckDBPyConnection, name: str, *, store: str | None = None, item: str | None = None
) -> pl.DataFrame:
    """The rows of a report, of one store or item by code where given.

    Raises KeyError for a name that is no report's, UnknownFilter for a filter the report does not have.
    """
    if name not in NAMES:
        raise KeyError(name)
    columns = set(query(con, f"select * from reports.{quote(name)} limit 0").columns)
    filters = {"store_code": store, "item_code": item}
    wanted = {column: value for column, value in filters.items() if value is not None}
    lacking = sorted(wanted.keys() - columns)
    if lacking:
        raise UnknownFilter(f"report `{name}` has no column `{lacking[0]}` to filter by")
    for column, value in wanted.items():
        if not query(con, f"select 1 from {_KNOWN_CODES[column]} where code = ? limit 1", [value]).height:
            raise UnknownFilter(f"there is no {column.removesuffix('_code')} with the code `{value}`")
    where = " and ".join(f"{quote(column)} = ?" for column in wanted) or "true"
    return query(con, f"select * from reports.{quote(name)} where {where}", list(wanted.values()))


def run_read_only(path: Path, schema: Schema, sql: str) -> pl.DataFrame:
    """The rows of one query on the warehouse, opened read-only. Raises QueryRefused with DuckDB's words."""
    try:
        with open_warehouse(path, schema, read_only=True) as con:
            con.execute("set enable_external_access = false")  # a query reads this database and no file
            if len(con.extract_statements(sql)) != 1:
                raise QueryRefused("write one query, not none and not several")
            return query(con, sql)
    except duckdb.Error as error:
        raise QueryRefused(str(error).splitlines()[0]) from error
