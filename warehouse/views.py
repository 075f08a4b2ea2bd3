"""Reading the views of schema `reports`; their SQL is in the folder of the same name, one view a file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from sync_rules.words import Schema
from warehouse.connection import open_warehouse, query, quote
from warehouse.report_files import PARTS, report_files

NAMES = frozenset(file.name for file in report_files()) - PARTS

_KNOWN_CODES = {"store": "replica.store", "item": "replica.item"}
_FILTERS = {"store": (("store_code",), ("from_store_code", "to_store_code")), "item": (("item_code",),)}


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
    conditions, values = ["true"], []
    for what, code in (("store", store), ("item", item)):
        if code is not None:
            asked = _columns_for(name, what, columns)
            _must_be_known(con, what, code)
            conditions.append(f"({' or '.join(f'{quote(column)} = ?' for column in asked)})")
            values += [code] * len(asked)
    return query(con, f"select * from reports.{quote(name)} where {' and '.join(conditions)}", values)


def _columns_for(name: str, what: str, columns: set[str]) -> tuple[str, ...]:
    """The columns that a filter goes by: a transfer is of either store."""
    for asked in _FILTERS[what]:
        if columns.issuperset(asked):
            return asked
    raise UnknownFilter(f"report `{name}` has no column `{_FILTERS[what][0][0]}` to filter by")


def _must_be_known(con: duckdb.DuckDBPyConnection, what: str, code: str) -> None:
    if not query(con, f"select 1 from {_KNOWN_CODES[what]} where code = ? limit 1", [code]).height:
        raise UnknownFilter(f"there is no {what} with the code `{code}`")


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
