"""Stock that an earlier import wrote, and that a file gives otherwise: it would be counted twice (B42)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import polars as pl

from central.imports.table_file import LINE, Mistake
from sites.engines.engine import SiteDatabase
from sites.engines.values import normalise
from sync_rules.row_ids import ids_of
from sync_rules.schema import Schema

OTHERWISE = "an earlier import wrote this stock otherwise"
"""How it is told that a line differs from what was imported before."""
_OWNER = ("store_id", "item_id")
_TOLD = ("batch", "expiry_date", "pack_size", "cost_price_per_pack")
_LINE_OF = "import:inventory_adjustment_line"


def adjustment_line_ids(stock_lines: pl.Series, name: str) -> pl.Series:
    """The ids of the lines that explain imported stock, by the ids of the stock lines."""
    return ids_of(pl.DataFrame({"kind": [_LINE_OF] * len(stock_lines), "id": stock_lines}), name)


def written_otherwise(db: SiteDatabase, given: pl.DataFrame, ids: pl.Series, schema: Schema) -> list[Mistake]:
    """The lines of a file that an earlier import wrote with other packs, or in place of which it wrote a line of the
    same item, of the same batch or expiry, that the file has no more. ``given``: rows with the columns of the key;
    ``ids``: what each would be. Stock may have moved since: what was written then is in its adjustment."""
    if not db.has_table("inventory_adjustment_line"):
        return []  # nothing was imported there
    earlier = _earlier(db, given, schema)
    rows = given.with_columns(ids.alias("id"))
    again = rows.join(earlier.select("id", were="packs"), on="id").filter(pl.col("total_packs") != pl.col("were"))
    found = [
        (int(line), f"{OTHERWISE}: `total_packs` was {_plain(were)}, here it is {_plain(packs)}")
        for line, packs, were in again.select(LINE, "total_packs", "were").iter_rows()
    ]
    new = rows.join(earlier, on="id", how="anti")
    return [*found, *_replaced(new, earlier.join(rows, on="id", how="anti"))]


def _replaced(new: pl.DataFrame, gone: pl.DataFrame) -> Iterator[Mistake]:
    """New rows, each with the first line of an earlier file that it may be in place of."""
    told = [name for name in _TOLD if name in new.columns and name in gone.columns]
    near = [pl.col(name).eq_missing(pl.col(f"{name}_was")) for name in ("batch", "expiry_date") if name in told]
    if not near:
        near = [pl.lit(value=True)]
    was = gone.sort("id").rename({name: f"{name}_was" for name in told})
    pairs = new.join(was, on=_OWNER, maintain_order="left_right").filter(pl.any_horizontal(near))
    for row in pairs.unique(LINE, keep="first", maintain_order=True).iter_rows(named=True):
        differing = [
            f"`{name}` was {_plain(row[f'{name}_was'])}, here it is {_plain(row[name])}"
            for name in told
            if row[name] != row[f"{name}_was"]
        ]
        yield int(row[LINE]), f"{OTHERWISE}: {', '.join(differing)}"


def _earlier(db: SiteDatabase, given: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The stock lines of these stores and items that an import wrote, as they are, and how many ``packs`` it wrote."""
    there = db.column_names()["stock_line"]
    names = ["id", *_OWNER, *(name for name in _TOLD if name in given.columns and name in there)]
    held = _read(db, "stock_line", names, schema).join(given.select(_OWNER).unique(), on=_OWNER, how="semi")
    held = held.with_columns(adjustment_line_ids(held["id"], "explained_by"))
    moved = _read(db, "inventory_adjustment_line", ["id", "packs"], schema)
    return held.join(moved.rename({"id": "explained_by"}), on="explained_by").drop("explained_by")


def _read(db: SiteDatabase, table: str, names: Sequence[str], schema: Schema) -> pl.DataFrame:
    declared = tuple(one for one in schema.tables[table] if one.name in names)
    listed = [one.name for one in declared]
    return normalise(db.read(f"select {', '.join(listed)} from {table}", columns=listed), declared)[0]


def _plain(value: Decimal | date | str | None) -> str:
    if value is None:
        return "nothing"
    return f"`{value.normalize():f}`" if isinstance(value, Decimal) else f"`{value}`"
