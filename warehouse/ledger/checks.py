"""What must hold of the warehouse after each cycle."""

from __future__ import annotations

import duckdb
import polars as pl

from sync_rules.schema import Schema
from warehouse.connection import quote, value
from warehouse.statements import statement


def unjudged(visits: pl.DataFrame) -> list[str]:
    """The sites of a cycle that sent more changes than verdicts were given (A1)."""
    given = pl.col("admitted") + pl.col("rejected") + pl.col("waiting")
    return visits.filter(given < pl.col("pulled"))["site_code"].to_list()


def not_owned_once(con: duckdb.DuckDBPyConnection, schema: Schema) -> list[str]:
    """Tables of which central knows other records than it holds, or one twice, and stores that are active at several
    sites, as ``what: number`` (R1, T2): each record has one owner."""
    known = {table: (records, ids) for table, records, ids in con.execute(statement("records_by_table")).fetchall()}
    counts = [f"select '{one}' as name, count(*) as rows from replica.{quote(one)}" for one in sorted(schema.tables)]
    held = con.execute(" union all ".join(counts)).fetchall()
    found = [
        f"{table}: {max(records - ids, abs(rows - ids))}"
        for table, rows in sorted(held)
        for records, ids in [known.get(table, (0, 0))]
        if not rows == records == ids
    ]
    places = con.execute(
        "select store_id, count(distinct site_id) as sites from reports.store_place group by all having sites > 1 "
        "order by all"
    ).fetchall()
    return found + [f"store {store}: active at {sites} sites" for store, sites in places]


def records_known(con: duckdb.DuckDBPyConnection) -> int:
    """How many records central knows."""
    return value(con, "select count(*) from ledger.record")


def dangling(con: duckdb.DuckDBPyConnection, schema: Schema) -> list[str]:
    """References of replicas to records that are not there, as ``table.column: count`` (M3)."""
    selects = [
        f"select '{one.table}.{one.column}' as reference, count(*) as rows from replica.{quote(one.table)} "
        f"where {quote(one.column)} is not null and {quote(one.column)} not in (select id from "
        f"replica.{quote(one.parent)})"
        for one in schema.references
    ]
    found = con.execute(f"select * from ({' union all '.join(selects)}) where rows > 0 order by 1").fetchall()
    return [f"{reference}: {rows}" for reference, rows in found]
