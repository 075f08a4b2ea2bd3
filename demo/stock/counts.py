"""The year's stocktakes, and the adjustments that follow from them and from expiry (B42)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.places import STORES, fixed_id
from demo.stock.issues import WHOLE_PACK, YEAR_DAYS
from demo.stock.movements import Movements

_QUARTERS = 4
_MONTHS = 11
_MONTH_DAYS = 31
_WRITE_OFF_DAYS = 12


@dataclass(frozen=True)
class Counts:
    """``counted``, a row a stocktake line: stock_line_id, store_id, item_id, batch, expiry_date,
    pack_size, at, snapshot, counted. ``adjusted``, a row an adjustment line: stock_line_id, store_id,
    item_id, pack_size, at, change (signed), reason_id, of_stocktake. Quantities are hundredths of a pack.
    """

    counted: pl.DataFrame
    adjusted: pl.DataFrame


def counts(moves: Movements, seed: int, now: datetime) -> Counts:
    """Four stocktakes in each store, a few differences in each, and each month the expired stock written off."""
    dice = Dice(f"{seed}:counts")
    flow = _flow(moves)
    adjusted = [_written_off(moves.lines, flow, dice, _month_before(now, months)) for months in range(_MONTHS)]
    counted: list[pl.DataFrame] = []
    for quarter in range(_QUARTERS):
        before = pl.concat([flow, *(part.select("stock_line_id", "at", "change") for part in adjusted)])
        counted.append(_stocktake(moves.lines, before, _days(quarter, now), dice))
        adjusted.append(_differences(counted[-1]))
    return Counts(pl.concat(counted), pl.concat(adjusted))


def _flow(moves: Movements) -> pl.DataFrame:
    """Every receipt, issue and return as a signed change; unfinished issues too, for they are promised."""
    return pl.concat(
        [
            moves.lines.select(
                pl.col("id").alias("stock_line_id"),
                pl.col("received_at").alias("at"),
                pl.col("received").alias("change"),
            ),
            moves.issues.select("stock_line_id", "at", -pl.col("packs").alias("change")),
            moves.returns.select("stock_line_id", "at", pl.col("packs").alias("change")),
        ]
    )


def _days(quarter: int, now: datetime) -> pl.DataFrame:
    """The moment of each store's stocktake: late afternoon, on a day of its own."""
    first = (now - timedelta(days=YEAR_DAYS)).replace(hour=16, minute=30, second=0, microsecond=0)
    days = [first + timedelta(days=70 + 85 * quarter + place) for place in range(len(STORES))]
    return pl.DataFrame(
        {"store_id": [store.id for store in STORES], "counted_at": pl.Series(days).dt.cast_time_unit("us")}
    )


def _stocktake(lines: pl.DataFrame, flow: pl.DataFrame, days: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """What was on the shelf that day, and what was counted."""
    rows = lines.join(days, on="store_id", how="left", maintain_order="left")
    when = rows.select(pl.col("id").alias("stock_line_id"), "counted_at")
    known = flow.join(when, on="stock_line_id", how="left", maintain_order="left")
    balances = known.group_by("stock_line_id", maintain_order=True).agg(
        pl.col("change").filter(pl.col("at") < pl.col("counted_at")).sum().alias("snapshot"),
        pl.col("change").sum().alias("left"),
    )
    rows = rows.join(balances, left_on="id", right_on="stock_line_id", maintain_order="left")
    rows = rows.filter(pl.col("snapshot") > 0)
    chance = dice.fractions(rows.height)
    # a loss never takes what later issues need: balances stay above zero on every day
    missing = pl.min_horizontal("left", (pl.col("snapshot") // 20 // 25 + 1) * 25)
    difference = pl.when(chance < 0.05).then(-missing).when(chance > 0.97).then(WHOLE_PACK).otherwise(0)
    return rows.select(
        pl.col("id").alias("stock_line_id"),
        "store_id",
        "item_id",
        "batch",
        "expiry_date",
        "pack_size",
        pl.col("counted_at").alias("at"),
        "snapshot",
        (pl.col("snapshot") + difference).alias("counted"),
    )


def _differences(counted: pl.DataFrame) -> pl.DataFrame:
    change = pl.col("counted") - pl.col("snapshot")
    reason = (
        pl.when(change > 0)
        .then(pl.lit(fixed_id("reason_option", "Counted more")))
        .otherwise(pl.lit(fixed_id("reason_option", "Counted less")))
    )
    return counted.filter(change != 0).select(
        "stock_line_id",
        "store_id",
        "item_id",
        "pack_size",
        "at",
        change.alias("change"),
        reason.alias("reason_id"),
        pl.lit(True).alias("of_stocktake"),
    )


def _month_before(now: datetime, months: int) -> datetime:
    """The afternoon on which expired stock was written off, so many months ago."""
    day = now - timedelta(days=_WRITE_OFF_DAYS + _MONTH_DAYS * months)
    return day.replace(hour=15, minute=0, second=0, microsecond=0)


def _written_off(lines: pl.DataFrame, flow: pl.DataFrame, dice: Dice, at: datetime) -> pl.DataFrame:
    """Most of the stock that expired in the month before and is still on the shelf."""
    left = flow.filter(pl.col("at") < at).group_by("stock_line_id").agg(pl.col("change").sum().alias("left"))
    lines = lines.with_columns(dice.fractions(lines.height).alias("chance"))
    rows = lines.join(left, left_on="id", right_on="stock_line_id", maintain_order="left").filter(
        pl.col("expiry_date").is_between(at.date() - timedelta(days=_MONTH_DAYS), at.date(), closed="left"),
        pl.col("received_at") < at,
        pl.col("left") > 0,
        pl.col("chance") < 0.8,
    )
    return rows.select(
        pl.col("id").alias("stock_line_id"),
        "store_id",
        "item_id",
        "pack_size",
        pl.lit(at).dt.cast_time_unit("us").alias("at"),
        -pl.col("left").alias("change"),
        pl.lit(fixed_id("reason_option", "Expired")).alias("reason_id"),
        pl.lit(False).alias("of_stocktake"),
    )
