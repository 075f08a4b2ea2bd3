"""What was asked for: requisitions between stores, purchase orders and goods received from suppliers."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, rows
from demo.reference.lists import store_items
from demo.reference.places import STORES, fixed_id
from demo.stock.movements import WHOLE_PACK, YEAR_DAYS

_BUYERS = ("A", "B", "G", "I", "M")


def order_tables(made: Tables, seed: int, now: datetime) -> Tables:
    """``made`` with requisitions, purchase orders and goods received; invoices name what they fulfil."""
    return made | _requisitions(Dice(f"{seed}:requisitions"), now) | _purchases(made, Dice(f"{seed}:orders"), now)


def _requisitions(dice: Dice, now: datetime) -> Tables:
    """A finalised request a month to the supplying store, answered the next day; and one being written."""
    asked = _requests(dice, now)
    answered = asked.filter(pl.col("status") == "finalised").with_columns(
        pl.lit("response").alias("type"),
        pl.col("requisition_id").alias("linked_requisition_id"),
        pl.col("linked_requisition_id").alias("requisition_id"),
        pl.col("id").alias("linked_line_id"),
        pl.col("linked_line_id").alias("id"),
        pl.col("other").alias("store"),
        pl.col("store").alias("other"),
        pl.col("at") + pl.duration(days=1),
        (pl.col("requested_units") * 9 // 10).alias("supplied_units"),
    )
    lines = pl.concat([asked.with_columns(pl.lit(0, pl.Int64).alias("supplied_units")), answered])
    links = pl.when(pl.col("status") == "finalised").then(pl.col("linked_requisition_id", "linked_line_id"))
    lines = lines.with_columns(links)
    heads = lines.select(
        pl.col("requisition_id").alias("id"), "linked_requisition_id", "store", "other", "at", "type", "status"
    ).unique("id", maintain_order=True)
    store = {each.code: each.id for each in STORES}
    name = {each.code: each.name_id for each in STORES}
    requisition = numbered(heads, "store", "type", at="at").with_columns(
        pl.col("store").replace_strict(store).alias("store_id"),
        pl.col("other").replace_strict(name).alias("other_name_id"),
        pl.col("at").alias("created_at"),
        pl.when(pl.col("status") == "finalised").then(pl.col("at") + pl.duration(hours=2)).alias("finalised_at"),
    )
    return {"requisition": rows("requisition", requisition), "requisition_line": rows("requisition_line", lines)}


def _requests(dice: Dice, now: datetime) -> pl.DataFrame:
    """A row a line asked for, with the ids that its answer will have."""
    first = (now - timedelta(days=YEAR_DAYS)).replace(hour=8, minute=0, second=0, microsecond=0)
    months = [(first + timedelta(days=5 + 30 * month), "finalised") for month in range(12)]
    asked = [
        {"store": store.code, "other": store.supplied_by, "at": at, "status": status, "item_id": item}
        for store in STORES
        if store.supplied_by
        for at, status in [*months, (now - timedelta(hours=20), "new")]
        for item in [fixed_id("item", m.code) for m in dice.sample(store_items(store), dice.number(8, 18))]
    ]
    lines = pl.DataFrame(asked).with_columns(pl.col("at").dt.cast_time_unit("us"))
    heads = lines.select("store", "at").unique(maintain_order=True)
    heads = heads.with_columns(
        dice.ids(heads.height).alias("requisition_id"), dice.ids(heads.height).alias("linked_requisition_id")
    )
    return lines.join(heads, on=["store", "at"], maintain_order="left").with_columns(
        dice.ids(lines.height).alias("id"),
        dice.ids(lines.height).alias("linked_line_id"),
        pl.lit("request").alias("type"),
        (dice.whole(lines.height, 1, 40) * 10 * WHOLE_PACK).alias("requested_units"),
        (dice.whole(lines.height, 0, 30) * 10 * WHOLE_PACK).alias("stock_on_hand_units"),
    )


def _purchases(made: Tables, dice: Dice, now: datetime) -> Tables:
    """Every second delivery from a supplier to a warehouse was ordered three weeks before."""
    buyers = [store.id for store in STORES if store.code in _BUYERS]
    ordered = made["invoice"].filter(
        pl.col("type") == "supplier_invoice",
        pl.col("store_id").is_in(buyers),
        pl.col("linked_invoice_id").is_null(),
        pl.col("number") % 2 == 0,
    )
    ordered = ordered.with_columns(dice.ids(ordered.height).alias("order"), dice.ids(ordered.height).alias("receipt"))
    lines = made["invoice_line"].join(
        ordered.select(pl.col("id").alias("invoice_id"), "order", "receipt"), on="invoice_id", maintain_order="left"
    )
    lines = lines.with_columns(dice.ids(lines.height).alias("of_order"), dice.ids(lines.height).alias("of_receipt"))
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
    confirmed = pl.col("finalised_at") - pl.duration(days=21)
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
        pl.col("packs").alias("ordered_packs"),
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
