"""Reading the views of schema `reports`; their SQL is in the folder of the same name, one view a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import polars as pl

from warehouse.connection import Connection, first, query, quote
from warehouse.exports.groups import GROUPS, all_pairs, is_of_values
from warehouse.exports.report_words import columns_of
from warehouse.reports.files import PARTS, report_files
from warehouse.reports.view_texts import relation_of

NAMES = frozenset(file.name for file in report_files()) - PARTS

_COLUMNS = {file.name: frozenset(file.columns) for file in report_files()}
_FILTERS = {
    "store": (("store_code",), ("from_store_code", "to_store_code"), ("customer_code", "supplier_code")),
    "item": (("item_code",),),
    "site": (("site_code",), ("store_code",)),  # or of the stores that are active there
    "month": (("month",),),
}
_OF_GROUPS = {
    "store": (
        ("store_code",),
        ("from_store_code", "to_store_code"),
        ("customer_code", "supplier_code"),
        ("site_code",),
    ),  # a site has its stores'
    "item": (("item_code",),),
}
_BESIDE = {
    ("order_fill_monthly", "item"): "item_fill_monthly",
    ("stock_bands", "store"): "stock_on_hand",
    ("stock_bands_monthly", "store"): "stock_monthly",
    ("stock_out_monthly", "store"): "stock_monthly",
    ("system_usage_monthly", "store"): "item_usage_monthly",
    ("stock_value", "item"): "stock_on_hand",
    ("stock_value_total", "store"): "stock_value",
    ("stock_value_total", "item"): "stock_on_hand",
    ("snapshot_history", "store"): "stock_monthly",
    ("snapshot_history", "item"): "stock_monthly",
    ("transfers", "item"): "transfer_lines",
}
"""The report that has a filter by stores or items, beside one that has it not."""
_OF_STORES = frozenset({"store", *(name for name, group in GROUPS.items() if group.kind == "store")})
FILTERS = (*_FILTERS, *GROUPS)
"""What a report may be filtered by, as far as it has the columns."""

Codes = str | Sequence[str]
"""A code, or several: rows of any of them."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class QueryRefused(ValueError):
    """A query that is not one reading statement, or that DuckDB cannot run."""


class UnknownFilter(ValueError):
    """A filter by a column that the report does not have, or by a code that nothing has."""


class ReportFailed(Exception):
    """DuckDB could not open the warehouse or work out a report."""


def read(con: Connection, name: str, **asked: Codes) -> pl.DataFrame:
    """The rows of a report of the working warehouse or of a snapshot; of those ``asked`` for, by FILTERS: codes of
    stores, items or sites, months (YYYY-MM), and how stores and items are sorted.

    Raises KeyError for a name that is no report's, UnknownFilter for a filter the report does not have, or a value that
    nothing has.
    """
    sql, values = asked_of(con, name, **asked)
    return query(con, f"select * from {relation_of(con, name)} where {sql}", values)


def asked_of(con: Connection, name: str, **asked: Codes) -> tuple[str, list[object]]:
    """The condition for the rows asked for, and its parameters. Raises as ``read`` does."""
    if name in PARTS:
        raise KeyError(name)
    held = frozenset(columns_of(con, name))
    conditions, values = ["true"], list[object]()
    stores: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for what, given in asked.items():
        if codes := [given] if isinstance(given, str) else list(given):
            columns = _columns_for(name, held, what)
            wanted = [_known(con, what, code) for code in codes]
            if what in _OF_STORES:
                stores.setdefault(columns, []).append((what, wanted))
                continue
            conditions.append(_condition(what, columns[0], wanted))
            values.append(wanted)
    for columns, ways in stores.items():
        conditions.append(f"({' or '.join(_of_stores(column, ways) for column in columns)})")
        values += [wanted for _ in columns for _, wanted in ways]
    return " and ".join(conditions), values


def _condition(what: str, column: str, wanted: Sequence[str]) -> str:
    if what in GROUPS:
        return is_of_values(what, quote(column), wanted, is_one=column in ("store_code", "item_code"))
    if (what, column) == ("site", "store_code"):
        column, source = "store_code", "select here.store_code from reports.stores as here where here.site_code in"
        return f"{column} in ({source} (select unnest(?)))"
    return f"cast({quote(column)} as varchar) in (select unnest(?))"


def _of_stores(column: str, ways: Sequence[tuple[str, list[str]]]) -> str:
    """The column is a store's that is all that is asked for, or that of a site at which one is active: two filters of
    stores are of stores that are both."""
    of_site = column == "site_code"
    test = " and ".join(_condition(way, "store_code" if of_site else column, wanted) for way, wanted in ways)
    return f"site_code in (select site_code from reports.stores where {test})" if of_site else f"({test})"


def filters_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """The filters that a report of ours has, with the columns each goes by: a transfer or an order is of either
    store."""
    return _filters_by(_COLUMNS[name])


def _filters_by(held: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    ways = {what: tuple(reversed(_OF_GROUPS[group.kind])) for what, group in GROUPS.items()}
    found = dict[str, tuple[str, ...]]()
    for what, choices in {**_FILTERS, **ways}.items():
        for columns in choices:
            if held.issuperset(columns):
                found[what] = columns
    return found


def _columns_for(name: str, held: frozenset[str], what: str) -> tuple[str, ...]:
    found = _filters_by(held)
    if what not in found:
        allowed = ", ".join(f"--{one}" for one in found) or "none"
        lacking = (_OF_GROUPS[GROUPS[what].kind] if what in GROUPS else _FILTERS[what])[0][0]
        kind = GROUPS[what].kind if what in GROUPS else what
        beside = _BESIDE.get((name, kind))
        instead = f"; `{beside}` has it" if beside else ""
        raise UnknownFilter(
            f"report `{name}` has no column `{lacking}` to filter by{instead}; filters it has: {allowed}"
        )
    return found[what]


def _known(con: Connection, what: str, code: str) -> str:
    """The value to look for. Raises UnknownFilter for a code that nothing has, and for what is no month."""
    if what == "month":
        if not _MONTH.fullmatch(code):
            raise UnknownFilter(f"`{code}` is no month; write it as YYYY-MM")
        return f"{code}-01"
    if what in GROUPS:
        _require_value(con, what, code)
        return code
    column, table = ("site_code", "reports.sync_status") if what == "site" else ("code", _replica(con, what))
    if first(con, f"select 1 from {table} where {column} = ? limit 1", [code]) is None:
        raise UnknownFilter(f"there is no {what} with the code `{code}`{_meant(con, column, table, code)}")
    return code


def _require_value(con: Connection, what: str, value: str) -> None:
    found = con.execute(f"select distinct value from ({all_pairs(what)}) order by 1")
    there = [one for (one,) in found.fetchall()]
    if value not in there:
        some = ", ".join(f"`{one}`" for one in there[:20]) or "none"
        raise UnknownFilter(f"there is no {what} `{value}`; there is {some}{', ...' if len(there) > 20 else ''}")


def _meant(con: Connection, column: str, table: str, code: str) -> str:
    """The code that differs least from what was written, where it differs by little."""
    near = first(
        con,
        f"select {column} from {table} where levenshtein(lower({column}), lower(?)) <= 2 "
        f"order by levenshtein(lower({column}), lower(?)), {column} limit 1",
        [code, code],
    )
    return f"; did you mean `{near[0]}`?" if near and len(code) > 2 else ""


def _replica(con: Connection, table: str) -> str:
    """Where a replica is: snapshots have them in `main`."""
    found = first(
        con,
        "select schema_name from duckdb_tables() where database_name = current_database() and table_name = ? "
        "order by schema_name desc",
        [table],
    )
    return f"{quote(found[0] if found else 'replica')}.{quote(table)}"


@contextmanager
def reading() -> Iterator[None]:
    """Raises ReportFailed with DuckDB's words where the body meets an error of DuckDB."""
    try:
        yield
    except duckdb.Error as error:
        raise ReportFailed(str(error).splitlines()[0]) from error


def run_query(con: Connection, sql: str) -> pl.DataFrame:
    """The rows of one query on a warehouse that is open read-only. Raises QueryRefused with DuckDB's words."""
    try:
        con.execute("set enable_external_access = false")  # a query reads this database and no file
        if len(con.extract_statements(sql)) != 1:
            raise QueryRefused("write one query, not none and not several")
        return query(con, sql)
    except duckdb.Error as error:
        raise QueryRefused(str(error).splitlines()[0]) from error
    except pl.exceptions.DuplicateError as error:
        raise QueryRefused("two columns of the query have one name: name one of them otherwise with `as`") from error
