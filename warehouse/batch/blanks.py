"""Columns that a site has not got, or has since just now: its rows say nothing of them (precision 33)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.row_texts import typed_value
from sync_rules.schema import POLARS_TYPE, Column, Schema
from warehouse.batch.late_references import Rows
from warehouse.connection import Connection, query, quote, registered
from warehouse.frames import Uncollected


def with_central_values(
    con: Connection, rows: Rows, uncollected: FrameOf[Uncollected], schema: Schema
) -> dict[str, list[pl.LazyFrame]]:
    """``rows`` (per table, frames of from_site and the table's columns), in which records that central holds have its
    own values where their site says nothing, and new ones the declared default."""
    found = {table: list(frames) for table, frames in rows.items()}
    for (table,), columns in uncollected.group_by("table_name", maintain_order=True):
        if frames := rows.get(str(table)):
            found[str(table)] = [_filled(con, str(table), pl.concat(pl.collect_all(frames)), columns, schema).lazy()]
    return found


def _filled(con: Connection, table: str, rows: pl.DataFrame, uncollected: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    declared = {column.name: column for column in schema.travelling(table)}
    names = sorted(set(uncollected["column"]) & declared.keys())
    if not names or rows.is_empty():
        return rows
    held = _held(con, table, rows, names)
    joined = rows.join(held, on="id", how="left", maintain_order="left")
    for name in names:
        of_column = uncollected.filter(pl.col("column") == name)
        joined = _with_column(joined, declared[name], of_column.select(from_site="site_id", given="given"))
    return joined.select(rows.columns)


def _held(con: Connection, table: str, rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """id, is_held and ``held_*``: what central has in these columns of the records of ``rows``."""
    values = ", ".join(f"{quote(name)} as {quote('held_' + name)}" for name in names)
    with registered(con, asked=rows.select("id").unique()):
        found = query(
            con, f"select id, true as is_held, {values} from replica.{quote(table)} where id in (select id from asked)"
        )
    declared: Mapping[str, pl.DataType] = {f"held_{name}": rows.schema[name] for name in names}
    return found.cast(declared)  # type: ignore[arg-type]


def _with_column(rows: pl.DataFrame, column: Column, sites: pl.DataFrame) -> pl.DataFrame:
    """``sites``: from_site, and what its database itself put into the column."""
    kind = POLARS_TYPE[column.kind]
    own = pl.col(column.name)
    said = sites.with_columns(typed_value(pl.col("given"), kind), is_unsaid=pl.lit(True))
    is_blank = pl.col("is_unsaid").fill_null(False) & (own.is_null() | (own == pl.col("given")).fill_null(False))
    default = typed_value(pl.lit(column.default, pl.String), kind)
    fresh = pl.when(own.is_null()).then(default).otherwise(own)
    value = pl.when(pl.col("is_held")).then(pl.coalesce(f"held_{column.name}", own)).otherwise(fresh)
    joined = rows.join(said, on="from_site", how="left", maintain_order="left")
    return joined.with_columns(pl.when(is_blank).then(value).otherwise(own).alias(column.name)).drop(
        "given", "is_unsaid"
    )
