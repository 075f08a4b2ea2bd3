"""Opening stock: stock lines, and a finalised inventory adjustment that explains them (B42)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from central.imports.earlier_stock import adjustment_line_ids
from central.imports.rows import FoundRows
from sites.engines.engine import SiteDatabase
from sites.own_edits.numbers import next_numbers
from sync_rules.row_ids import ids_of

_HEADER, _LINE = "inventory_adjustment", "inventory_adjustment_line"
_COMMENT = "opening stock"


def without_changes(found: FoundRows) -> FoundRows:
    """Stock that is there is left as it is: it moved since, and its own people count it."""
    lines = found.new.with_columns(available_packs=pl.col("total_packs"))
    return FoundRows(lines, found.changed.clear(), found.unchanged + found.changed.height)


def write_opening_stock(db: SiteDatabase, tables: Mapping[str, FoundRows], *, now: datetime) -> None:
    """Writes the new stock lines, and for each store an adjustment of its next number; in the caller's transaction.

    Raises SiteFailed where the site's counters are not captured.
    """
    lines = tables["stock_line"].new
    if lines.is_empty():
        return
    heads = lines.group_by("store_id").agg(first=pl.col("id").min()).sort("store_id")
    ids = ids_of(heads.select(pl.lit(f"import:{_HEADER}").alias("kind"), "first"), "record_id")
    asked = heads.select("store_id", ids, table_name=pl.lit(_HEADER), number_kind=pl.lit(_HEADER))
    numbered = next_numbers(db, asked)
    adjustments = numbered.select(
        "store_id",
        "number",
        id="record_id",
        type=pl.lit("gain"),
        status=pl.lit("finalised"),
        created_at=pl.lit(now, pl.Datetime("us", "UTC")),
        finalised_at=pl.lit(now, pl.Datetime("us", "UTC")),
        comment=pl.lit(_COMMENT),
    )
    own = lines.join(
        numbered.select("store_id", inventory_adjustment_id="record_id"), on="store_id", maintain_order="left"
    )
    own = own.with_columns(adjustment_line_ids(own["id"], "line_id"))
    moved = own.select(
        "inventory_adjustment_id", "item_id", "pack_size", id="line_id", stock_line_id="id", packs="total_packs"
    )
    db.insert_rows("stock_line", lines)
    db.insert_rows(_HEADER, adjustments)
    db.insert_rows(_LINE, moved.sort("id"))
