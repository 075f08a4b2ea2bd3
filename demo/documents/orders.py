"""What was asked for: requisitions between stores, and purchase orders and goods received from suppliers."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.documents.requisitions import requisition_tables
from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, rows
from demo.reference.places import STORES, fixed_id

_BUYERS = ("A", "B", "G", "I", "M")


def order_tables(made: Tables, seed: int, now: datetime) -> Tables:
    """``made`` with requisitions, purchase orders and goods received; invoices name what they fulfil."""
    asked = requisition_tables(made, Dice(f"{seed}:requisitions"), now)
    return made | asked | _purchases(made, Dice(f"{seed}:orders"), now)


def _purchases(made: Tables, dice: Dice, now: datetime) -> Tables:
    """Every second delivery from a supplier to a warehouse was ordered some weeks before."""
    buyers = [store.id for store in STORES if store.code in _BUYERS]
    ordered = made["invoice"].filter(
        pl.col("type") == "supplier_invoice",
        pl.col("store_id").is_in(buyers),
        pl.col("linked_invoice_id").is_null(),
        pl.col("number") % 2 == 0,
    )
    ordered = ordered.with_columns(
        dice.ids(ordered.height).alias("order"),
        dice.ids(ordered.height).alias("receipt"),
        _lead_days(ordered, dice).alias("lead_days"),
    )
    lines = _ordered_lines(made, ordered, dice)
    tables = _received(ordered, lines) | _ordered(ordered, lines)
    names = ordered.select(
        "id", pl.col("order").alias("purchase_order_id"), pl.col("receipt").alias("goods_received_id")
    )
    invoice = made["invoice"].drop("purchase_order_id", "goods_received_id")
    line = made["invoice_line"].drop("purchase_order_line_id")
    of_order = lines.select("id", pl.col("of_order").alias("purchase_order_line_id"))
    return (
        tables
        | {
            "invoice": rows("invoice", invoice.join(names, on="id", how="left", maintain_order="left")),
            "invoice_line": rows("invoice_line", line.join(of_order, on="id", how="left", maintain_order="left")),
        }
        | _expected(tables, dice, now)
    )


def _ordered_lines(made: Tables, ordered: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """The lines of the deliveries, with the lines of order and receipt, and what was asked for in percent of them."""
    lines = made["invoice_line"].join(
        ordered.select(pl.col("id").alias("invoice_id"), "order", "receipt"), on="invoice_id", maintain_order="left"
    )
    return lines.with_columns(
        dice.ids(lines.height).alias("of_order"),
        dice.ids(lines.height).alias("of_receipt"),
        pl.Series("asked", dice.picks(lines.height, (100, 110, 125, 200), (88, 4, 5, 3))),
    )


def _lead_days(ordered: pl.DataFrame, dice: Dice) -> pl.Series:
    """How long each delivery took: every supplier has a time of its own, from two weeks on, and is late at times."""
    usual = {each: Dice(f"lead:{each}").number(14, 60) for each in sorted(set(ordered["other_name_id"]))}
    days = ordered["other_name_id"].replace_strict(usual, return_dtype=pl.Int64)
    return days + (dice.fractions(ordered.height) ** 3 * 30).floor().cast(pl.Int64)


def _received(ordered: pl.DataFrame, lines: pl.DataFrame) -> Tables:
    receipt = ordered.with_columns(
        pl.col("receipt").alias("id"),
        pl.col("order").alias("purchase_order_id"),
        pl.col("id").alias("linked_invoice_id"),
        (pl.col("finalised_at") - pl.duration(hours=1)).alias("received_at"),
    )
    line = lines.with_columns(
        pl.col("of_receipt").alias("id"),
        pl.col("receipt").alias("goods_received_id"),
        pl.col("of_order").alias("purchase_order_line_id"),
        pl.lit(None, pl.String).alias("linked_line_id"),
    )
    return {
        "goods_received": rows("goods_received", numbered(receipt, "store_id", at="received_at")),
        "goods_received_line": rows("goods_received_line", line),
    }


def _ordered(ordered: pl.DataFrame, lines: pl.DataFrame) -> Tables:
    confirmed = pl.col("finalised_at") - pl.duration(days="lead_days")
    order = ordered.with_columns(
        pl.col("order").alias("id"),
        pl.lit(False).alias("is_centralised"),
        pl.lit(None, pl.String).alias("linked_invoice_id"),
        (confirmed - pl.duration(days=1)).alias("created_at"),
        confirmed.alias("confirmed_at"),
        pl.lit(fixed_id("purchase_order_category", "Annual order")).alias("purchase_order_category_id"),
        pl.lit(fixed_id("currency", "NZD")).alias("currency_id"),
        pl.lit(None, pl.String).alias("their_reference"),
    )
    line = lines.with_columns(
        pl.col("of_order").alias("id"),
        pl.col("order").alias("purchase_order_id"),
        (pl.col("packs") * pl.col("asked") / 100).ceil().cast(pl.Decimal(18, 6)).alias("ordered_packs"),
        pl.col("packs").alias("received_packs"),
        pl.col("cost_price_per_pack").alias("price_per_pack"),
        pl.lit(None, pl.String).alias("linked_line_id"),
    )
    return {
        "purchase_order": rows("purchase_order", numbered(order, "store_id", at="confirmed_at")),
        "purchase_order_line": rows("purchase_order_line", line),
    }


def _expected(tables: Tables, dice: Dice, now: datetime) -> Tables:
    """The last order of each buyer, ordered again and not yet received."""
    order, line = tables["purchase_order"], tables["purchase_order_line"]
    last = order.filter(pl.col("number") == pl.col("number").max().over("store_id"))
    last = last.with_columns(dice.ids(last.height).alias("new"))
    again = last.with_columns(
        pl.col("new").alias("id"),
        pl.col("number") + 1,
        pl.lit("confirmed").alias("status"),
        pl.lit(now - timedelta(days=9)).alias("created_at"),
        pl.lit(now - timedelta(days=8)).alias("confirmed_at"),
    )
    lines = line.join(
        last.select(pl.col("id").alias("purchase_order_id"), "new"), on="purchase_order_id", maintain_order="left"
    )
    lines = lines.with_columns(
        dice.ids(lines.height).alias("id"),
        pl.col("new").alias("purchase_order_id"),
        pl.lit(0, pl.Int64).alias("received_packs"),
    )
    return {
        "purchase_order": pl.concat([order, rows("purchase_order", again)]).sort("id"),
        "purchase_order_line": pl.concat([line, rows("purchase_order_line", lines)]).sort("id"),
    }
