"""Frames of rows as a site's tables want them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from sites.schema import SCHEMA
from sync_rules.schema import POLARS_TYPE, Kind

Tables = dict[str, pl.DataFrame]


def hundredths(column: str) -> pl.Expr:
    """A quantity or price counted in hundredths, as the exact decimal it stands for (B9)."""
    return (pl.col(column).cast(pl.Decimal(18, 6)) / 100).cast(pl.Decimal(18, 6)).alias(column)


def rows(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with exactly the columns of ``table``, typed; what it lacks is null; sorted by id.

    Decimal columns given as whole numbers are in hundredths.
    """
    columns = []
    for column in SCHEMA.tables[table]:
        kind = POLARS_TYPE[column.kind]
        if column.name not in frame.columns:
            columns.append(pl.lit(None, kind).alias(column.name))
        elif column.kind is Kind.DECIMAL and frame.schema[column.name].is_integer():
            columns.append(hundredths(column.name))
        elif column.kind is Kind.DATE and frame.schema[column.name] == pl.String:
            columns.append(pl.col(column.name).str.to_date())
        else:
            columns.append(pl.col(column.name).cast(kind))
    return frame.select(columns).sort("id")


def records(table: str, values: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """A small table from a row a mapping."""
    listed = list(values)
    names = [column.name for column in SCHEMA.tables[table] if any(column.name in row for row in listed)]
    columns = {name: pl.Series(name, [row.get(name) for row in listed], strict=False) for name in names}
    return rows(table, pl.DataFrame(columns))


def numbered(frame: pl.DataFrame, *by: str, at: str) -> pl.DataFrame:
    """``frame`` with ``number``: 1, 2, ... within ``by`` in the order of ``at``, then id."""
    ordered = frame.sort(*by, at, "id")
    return ordered.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(*by).alias("number"))
