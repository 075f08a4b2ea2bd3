"""What was asked for: requisitions between stores, purchase orders and goods received from suppliers."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, rows
from demo.reference.lists import store_items
from demo.reference.places import STORES, fixed_id
from demo.stock.issues import WHOLE_PACK, YEAR_DAYS

_BAD_MONTHS = 0.6
_BUYERS = ("A", "B", "G", "I", "M")


def order_tables(made: Tables, seed: int, now: datetime) -> Tables:
    """``made`` with requisitions, purchase orders and goods received; invoices name what they fulfil."""
    return made | _requisitions(made, Dice(f"{seed}:requisitions"), now) | _purchases(made, Dice(f"{seed}:orders"), now)


def _requisitions(made: Tables, dice: Dice, now: datetime) -> Tables:
    """A finalised request a month to the supplying store, answered the next day; and one being written."""
    asked = _requests(made, dice, now)
    answered = asked.filter(pl.col("status") == "finalised")
    answered = answered.with_columns(
        pl.lit("response").alias("type"),
        pl.col("requisition_id").alias("linked_requisition_id"),
        pl.col("linked_requisition_id").alias("requisition_id"),
        pl.col("id").alias("linked_line_id"),
        pl.col("linked_line_id").alias("id"),
        pl.col("other").alias("store"),
        pl.col("store").alias("other"),
        pl.col("at") + pl.duration(days=1),
        (pl.col("requested_units") * _supplied(answered, dice) // 100).alias("supplied_units"),
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


def _supplied(answered: pl.DataFrame, dice: Dice) -> pl.Series:
    """How much of a line is supplied, in percent: mostly all; in a bad month of the supplier a part or nothing."""
    heads = answered["requisition_id"].unique(maintain_order=True)
    is_bad = dict(zip(heads, (dice.happens(_BAD_MONTHS) for _ in heads), strict=True))
    weights = [(72, 20, 8) if is_bad[head] else (98, 1, 1) for head in answered["requisition_id"]]
    ranges = [dice.picks(1, ((100, 100), (30, 95), (0, 0)), of_line)[0] for of_line in weights]
    return pl.Series([dice.number(*each) for each in ranges], dtype=pl.Int64)


def _requests(made: Tables, dice: Dice, now: datetime) -> pl.DataFrame:
    """A row a line asked for, with the ids that its answer will have: about as much as is usually sent at a time."""
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
    lines = lines.join(_usually_sent(made), on=["store", "item_id"], how="left", maintain_order="left")
    heads = lines.select("store", "at").unique(maintain_order=True)
    heads = heads.with_columns(
        dice.ids(heads.height).alias("requisition_id"), dice.ids(heads.height).alias("linked_requisition_id")
    )
    packs = (pl.col("packs").fill_null(1) * (dice.fractions(lines.height) * 0.8 + 0.6)).ceil().cast(pl.Int64)
    return lines.join(heads, on=["store", "at"], maintain_order="left").with_columns(
        dice.ids(lines.height).alias("id"),
        dice.ids(lines.height).alias("linked_line_id"),
        pl.lit("request").alias("type"),
        (packs * pl.col("units").fill_null(1) * WHOLE_PACK).alias("requested_units"),
        (packs * pl.col("units").fill_null(1) * dice.whole(lines.height, 0, 150)).alias("stock_on_hand_units"),
    )


def _usually_sent(made: Tables) -> pl.DataFrame:
    """How much a store gets of an item at a time from the one that supplies it: store, item_id, packs, units in one."""
    sent = made["invoice"].filter(pl.col("type") == "supplier_invoice", pl.col("linked_invoice_id").is_not_null())
    codes = pl.DataFrame({"store_id": [each.id for each in STORES], "store": [each.code for each in STORES]})
    lines = (
        made["invoice_line"].join(sent.select("store_id", invoice_id="id"), on="invoice_id").join(codes, on="store_id")
    )
    return lines.group_by("store", "item_id").agg(
        pl.col("packs").cast(pl.Float64).median(), pl.col("pack_size").min().cast(pl.Int64).alias("units")
    )


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
