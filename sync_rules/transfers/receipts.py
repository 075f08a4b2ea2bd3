"""How much of an order was received (X3)."""

from __future__ import annotations

import polars as pl

_TOO_MUCH = 10**9  # with six decimals, more digits than a quantity may have (B9)


def received_packs(order_lines: pl.DataFrame, goods_lines: pl.DataFrame) -> pl.DataFrame:
    """The id and received_packs of the order lines, from all goods-received lines that name them (X3).

    ``order_lines``: id, pack_size. ``goods_lines``: purchase_order_line_id, pack_size, packs. In packs of the order
    line, rounded to six decimals; nothing received is 0, and more than a site can hold (B9) is null.
    """
    exact = pl.Decimal(38, 6)
    units = (
        goods_lines.with_columns(pl.col("pack_size", "packs").cast(exact).fill_null(0))
        .group_by(id="purchase_order_line_id")
        .agg(units=(pl.col("packs") * pl.col("pack_size")).sum())
    )
    size = pl.when(pl.col("pack_size") != 0).then(pl.col("pack_size").cast(exact)).otherwise(pl.lit(1).cast(exact))
    return (
        order_lines.join(units, on="id", how="left", maintain_order="left")
        .select("id", received_packs=(pl.col("units").fill_null(0) / size).cast(pl.Decimal(18, 6), strict=False))
        .with_columns(pl.when(pl.col("received_packs").abs() < _TOO_MUCH).then("received_packs"))
        .sort("id")
    )
