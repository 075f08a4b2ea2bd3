"""Late references: rows that still name a record that was merged away name the kept one at admission (section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey, MergedRecord
from sync_rules.mentions import NAMED_BY, mentions
from sync_rules.schema import Schema

Rows = Mapping[str, list[pl.LazyFrame]]


def rewrite(
    rows: Rows, merged: FrameOf[MergedRecord], schema: Schema
) -> tuple[FrameOf[ChangeKey], dict[str, list[pl.LazyFrame]]]:
    """Which rows named a record of ``merged``, and all rows, mended.

    ``rows``: per table, lazy frames of from_site and the table's columns.
    """
    found: list[pl.DataFrame] = [ChangeKey.empty()]
    mended = {table: list(frames) for table, frames in rows.items()}
    for (target,), pairs in merged.group_by("table_name", maintain_order=True):
        old, new = pairs["merged_id"], pairs["kept_id"]
        for table, columns in _columns(schema, str(target)).items():
            if table not in mended:
                continue
            is_meant = _is_meant(table, str(target))
            names_old = reduce(or_, [pl.col(column).is_in(old.implode()).fill_null(False) for column in columns])
            meant = [
                frame.filter(is_meant & names_old).select(site_id="from_site", table_name=pl.lit(table), record_id="id")
                for frame in mended[table]
            ]
            found += pl.collect_all(meant)
            replaced = [
                pl.when(is_meant).then(pl.col(column).replace(old, new)).otherwise(pl.col(column)).alias(column)
                for column in columns
            ]
            mended[table] = [frame.with_columns(replaced) for frame in mended[table]]
    return ChangeKey.check(pl.concat(found).unique()), mended


def _columns(schema: Schema, target: str) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {NAMED_BY.table: [NAMED_BY.record_column]}
    for one in mentions(schema, target):
        columns.setdefault(one.table, []).append(one.column)
    return columns


def _is_meant(table: str, target: str) -> pl.Expr:
    return pl.col(NAMED_BY.table_column) == target if table == NAMED_BY.table else pl.lit(True)
