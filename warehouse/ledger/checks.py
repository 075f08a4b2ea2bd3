"""What must hold of the warehouse after each cycle."""

from __future__ import annotations

import duckdb
import polars as pl

from sync_rules.schema import Schema
from warehouse.connection import quote


def unjudged(visits: pl.DataFrame) -> list[str]:
    """The sites of a cycle that sent more changes than verdicts were given (A1)."""
    given = pl.col("admitted") + pl.col("rejected") + pl.col("waiting")
    return visits.filter(given < pl.col("pulled"))["site_code"].to_list()


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
