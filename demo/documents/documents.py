"""The year's movements as the documents people write, and the stock lines these add up to.

Lines that one person would put on one document share it: same store, same other party, same moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.catalogue import customers
from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, records, rows
from demo.reference.medicines import medicines
from demo.reference.places import STORES, fixed_id
from demo.stock.counts import Counts
from demo.stock.movements import Movements

_LOCATIONS = (("MAIN", "Main shelves"), ("UPPER", "Upper shelves"), ("COLD", "Cold room"))


def documents(moves: Movements, counted: Counts, seed: int, now: datetime) -> Tables:
    """Every store's stock_line, location, invoice, stocktake and inventory_adjustment, with their lines."""
    dice = Dice(f"{seed}:documents")
    stock = _stock_lines(moves, counted)
    made: Tables = {"stock_line": stock, "location": _locations()}
    made |= _invoices(_invoice_lines(moves, stock, dice), dice, now)
    return made | _stocktakes(counted, dice) | _adjustments(counted, dice)


def name_id(code: str) -> pl.Expr:
    """The ids of the names whose codes are in column ``code``."""
    codes = [store.code for store in STORES] + [f"SUP{number:02}" for number in range(1, 13)]
    codes += [post for store in STORES for post, _ in customers(store)]
    return pl.col(code).replace_strict({each: fixed_id("name", each) for each in codes}, return_dtype=pl.String)


def _locations() -> pl.DataFrame:
    return records(
        "location",
        (
            {
                "id": fixed_id("location", f"{store.code}:{code}"),
                "store_id": store.id,
                "code": code,
                "name": name,
                "on_hold": False,
                "location_type_id": fixed_id("location_type", "Cold chain" if code == "COLD" else "Room temperature"),
            }
            for store in STORES
            for code, name in _LOCATIONS
        ),
    )


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """With ``location_id``: vaccines in the cold, the rest on one of two shelves."""
    place = pl.DataFrame(
        [
            {
                "item_id": fixed_id("item", medicine.code),
                "place": "COLD" if medicine.is_vaccine else "MAIN" if number % 3 else "UPPER",
            }
            for number, medicine in enumerate(medicines())
        ]
    )
    location = pl.DataFrame(
        [
            {"store_id": store.id, "place": code, "location_id": fixed_id("location", f"{store.code}:{code}")}
            for store in STORES
            for code, _ in _LOCATIONS
        ]
    )
    placed = frame.join(place, on="item_id", how="left", maintain_order="left")
    return placed.join(location, on=["store_id", "place"], how="left", maintain_order="left")


def _stock_lines(moves: Movements, counted: Counts) -> pl.DataFrame:
    """What was received less what is gone; what is on unfinished issues is still there, but promised."""
    frame = _placed(moves.lines)
    for name, part, change in (
        ("issued", moves.issues.filter("is_final"), "packs"),
        ("promised", moves.issues.filter(~pl.col("is_final")), "packs"),
        ("returned", moves.returns, "packs"),
        ("adjusted", counted.adjusted, "change"),
    ):
        sums = part.group_by("stock_line_id").agg(pl.col(change).sum().alias(name))
        frame = frame.join(sums, left_on="id", right_on="stock_line_id", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("issued", "promised", "returned", "adjusted").fill_null(0))
    total = pl.col("received") - pl.col("issued") + pl.col("returned") + pl.col("adjusted")
    return rows(
        "stock_line",
        frame.with_columns(
            (pl.col("pack_size") * 100),
            total.alias("total_packs"),
            (total - pl.col("promised")).alias("available_packs"),
            pl.col("cost").alias("cost_price_per_pack"),
            pl.col("sell").alias("sell_price_per_pack"),
            pl.lit(False).alias("on_hold"),
            name_id("supplier_code").alias("supplier_name_id"),
        ),
    )


def _invoice_lines(moves: Movements, stock: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Every invoice line, with the other party's code, the moment and the type of its invoice."""
    came = moves.lines.select(
        pl.Series("id", dice.ids(moves.lines.height)),
        pl.col("id").alias("stock_line_id"),
        "store_id",
        pl.col("supplier_code").alias("party"),
        pl.col("received_at").alias("at"),
        pl.col("received").alias("packs"),
        pl.lit(True).alias("is_final"),
        pl.lit("supplier_invoice").alias("type"),
        pl.col("from_issue_id").alias("linked_line_id"),
    )
    coming = _coming(moves.on_the_way, dice)
    arrived = (
        pl.concat([came, coming])
        .drop_nulls("linked_line_id")
        .select(pl.col("linked_line_id").alias("id"), pl.col("id").alias("linked_line_id"))
    )
    went = moves.issues.rename({"customer_code": "party"}).with_columns(pl.lit("customer_invoice").alias("type"))
    went = went.join(arrived, on="id", how="left", maintain_order="left").select(came.columns)
    back = moves.returns.rename({"customer_code": "party"}).with_columns(
        pl.lit("customer_credit").alias("type"), pl.lit(None, pl.String).alias("linked_line_id")
    )
    lines = pl.concat([came, went, back.select(came.columns), coming])
    return _of_batches(lines, stock, coming["id"])


def _of_batches(lines: pl.DataFrame, stock: pl.DataFrame, coming: pl.Series) -> pl.DataFrame:
    """Lines with what their stock line says. That of those that are ``coming`` is the sender's: what it sells for is
    the cost here, and they lie on no shelf yet."""
    of_stock = stock.select(
        pl.col("id").alias("stock_line_id"), "item_id", "location_id", "batch", "expiry_date", "pack_size",
        "cost_price_per_pack", "sell_price_per_pack",
    )  # fmt: skip
    is_coming = pl.col("id").is_in(coming.implode())
    return lines.join(of_stock, on="stock_line_id", how="left", maintain_order="left").with_columns(
        pl.when(~is_coming).then(pl.col("stock_line_id", "location_id")),
        pl.when(is_coming).then("sell_price_per_pack").otherwise("cost_price_per_pack").alias("cost_price_per_pack"),
    )


def _coming(on_the_way: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """The lines that announce, in the store that is to get it, what was sent there and is on the way."""
    stores = {store.code: store.id for store in STORES}
    codes = {store.id: store.code for store in STORES}
    return on_the_way.select(
        pl.Series("id", dice.ids(on_the_way.height)),
        "stock_line_id",
        pl.col("customer_code").replace_strict(stores, return_dtype=pl.String).alias("store_id"),
        pl.col("store_id").replace_strict(codes, return_dtype=pl.String).alias("party"),
        (pl.col("at") + pl.duration(hours=1, seconds=30)).alias("at"),
        "packs",
        pl.lit(False).alias("is_final"),
        pl.lit("supplier_invoice").alias("type"),
        pl.col("id").alias("linked_line_id"),
    )


def _invoices(lines: pl.DataFrame, dice: Dice, now: datetime) -> Tables:
    one = ["store_id", "party", "type", "at"]
    heads = lines.select(*one, "is_final").unique(one, maintain_order=True).sort(one)
    heads = heads.with_columns(dice.ids(heads.height).alias("id"))
    lines = lines.join(heads.select(*one, pl.col("id").alias("invoice_id")), on=one, how="left", maintain_order="left")
    other = lines.select(pl.col("id").alias("linked_line_id"), pl.col("invoice_id").alias("linked_invoice_id"))
    links = lines.join(other, on="linked_line_id", maintain_order="left")
    links = links.select(pl.col("invoice_id").alias("id"), "linked_invoice_id").unique("id", maintain_order=True)
    heads = numbered(heads.join(links, on="id", how="left", maintain_order="left"), "store_id", "type", at="at")
    is_own = pl.col("type") != "supplier_invoice"  # what is on the way is as it was announced
    is_seen = pl.col("is_final") | is_own & (pl.col("at") < now - timedelta(days=2))
    invoice = heads.with_columns(
        name_id("party").alias("other_name_id"),
        pl.when("is_final").then(pl.lit("finalised")).when(is_seen).then(pl.lit("confirmed"))
        .otherwise(pl.lit("new")).alias("status"),
        pl.lit(False).alias("on_hold"),
        (pl.col("at") - pl.duration(minutes=40)).alias("created_at"),
        pl.when(is_seen).then(pl.col("at") - pl.duration(minutes=10)).alias("confirmed_at"),
        pl.when("is_final").then("at").alias("finalised_at"),
        pl.when(pl.col("type") == "supplier_invoice")
        .then(pl.format("{}-{}", "party", pl.col("at").dt.strftime("%y%m%d"))).alias("their_reference"),
        pl.lit(fixed_id("transaction_category", "Routine")).alias("transaction_category_id"),
    )  # fmt: skip
    return {"invoice": rows("invoice", invoice), "invoice_line": rows("invoice_line", lines)}


def _stocktakes(counted: Counts, dice: Dice) -> Tables:
    heads = counted.counted.select("store_id", "at").unique(maintain_order=True)
    heads = heads.with_columns(stocktake_id("store_id", "at").alias("id"))
    stocktake = numbered(heads, "store_id", at="at").with_columns(
        pl.lit("finalised").alias("status"),
        (pl.col("at") - pl.duration(hours=7)).alias("created_at"),
        pl.col("at").alias("finalised_at"),
        pl.lit("Quarterly count").alias("description"),
    )
    change = pl.col("counted") - pl.col("snapshot")
    lines = counted.counted.with_columns(
        dice.ids(counted.counted.height).alias("id"),
        stocktake_id("store_id", "at").alias("stocktake_id"),
        (pl.col("pack_size") * 100),
        pl.col("snapshot").alias("snapshot_packs"),
        pl.col("counted").alias("counted_packs"),
        pl.when(change > 0).then(pl.lit(fixed_id("reason_option", "Counted more")))
        .when(change < 0).then(pl.lit(fixed_id("reason_option", "Counted less"))).alias("reason_id"),
    )  # fmt: skip
    return {"stocktake": rows("stocktake", stocktake), "stocktake_line": rows("stocktake_line", lines)}


def stocktake_id(store_id: str, at: str) -> pl.Expr:
    """The id of a store's stocktake of that day: derived, so that adjustments can name it."""
    return pl.format("{}{}", pl.col(store_id).str.head(28), pl.col(at).dt.strftime("%Y%m%d"))


def _adjustments(counted: Counts, dice: Dice) -> Tables:
    lines = counted.adjusted.with_columns(
        dice.ids(counted.adjusted.height).alias("id"),
        pl.when(pl.col("change") > 0).then(pl.lit("gain")).otherwise(pl.lit("loss")).alias("type"),
    )
    one = ["store_id", "at", "type", "of_stocktake"]
    heads = lines.select(one).unique(maintain_order=True).sort(one)
    heads = heads.with_columns(dice.ids(heads.height).alias("id"))
    lines = lines.join(heads.rename({"id": "inventory_adjustment_id"}), on=one, maintain_order="left")
    lines = lines.with_columns((pl.col("pack_size") * 100), pl.col("change").abs().alias("packs"))
    adjustment = numbered(heads, "store_id", at="at").with_columns(
        pl.lit("finalised").alias("status"),
        pl.col("at").alias("created_at"),
        pl.col("at").alias("finalised_at"),
        pl.when("of_stocktake").then(stocktake_id("store_id", "at")).alias("stocktake_id"),
        pl.when("of_stocktake").then(pl.lit("From the stocktake")).otherwise(pl.lit("Expired")).alias("comment"),
    )
    return {
        "inventory_adjustment": rows("inventory_adjustment", adjustment),
        "inventory_adjustment_line": rows("inventory_adjustment_line", lines),
    }
