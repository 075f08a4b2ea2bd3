"""What came into the stores and went out of them in a year, as columns of plain facts.

Quantities are whole hundredths of a pack and prices whole hundredths, so that every sum is exact;
``demo.reference.frames`` makes decimals of them. Supply runs down the tiers: what a warehouse issues to
another store is what that store receives, line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from demo.reference.catalogue import customers, suppliers
from demo.reference.dice import Dice
from demo.reference.lists import store_items
from demo.reference.medicines import medicines
from demo.reference.places import STORES, DemoStore, fixed_id

YEAR_DAYS = 364
UNFINISHED_DAYS = 4
WHOLE_PACK = 100
_QUARTER_PACK = 25


@dataclass(frozen=True)
class Movements:
    """The year of all stores; ``packs`` and ``received`` are hundredths of a pack.

    ``lines``, a row a stock line: id, store_id, item_id, batch, expiry_date, pack_size, cost, sell,
    received, received_at, supplier_code, from_issue_id (null unless another store sent it).
    ``issues``, a row an issued line: id, stock_line_id, store_id, customer_code, at, packs, is_final.
    ``returns``, the same columns: what customers brought back.
    """

    lines: pl.DataFrame
    issues: pl.DataFrame
    returns: pl.DataFrame


def movements(seed: int, now: datetime) -> Movements:
    """A year of receipts and issues up to ``now``: suppliers first, then each tier from the one above."""
    lines: list[pl.DataFrame] = []
    issues: list[pl.DataFrame] = []
    for store in STORES:  # in the order of places: a supplying store comes before those it supplies
        dice = Dice(f"{seed}:stock:{store.code}")
        own = [_bought(store, dice, now)]
        if store.supplied_by:
            own.append(_delivered(store, pl.concat(lines), pl.concat(issues), dice, now))
        lines.append(pl.concat(own))
        issues.append(_issued(store, lines[-1], dice, now))
    all_issues = pl.concat(issues)
    return Movements(pl.concat(lines), all_issues, _returned(all_issues, Dice(f"{seed}:returns"), now))


def _bought(store: DemoStore, dice: Dice, now: datetime) -> pl.DataFrame:
    """Receipts from suppliers outside the network: all of them, or a few where a store supplies it."""
    kept = store_items(store)
    times = dice.whole(len(kept), 4, 7) if store.supplied_by is None else dice.whole(len(kept), 0, 2)
    item = pl.Series("item_id", [fixed_id("item", medicine.code) for medicine in kept])
    rows = item.to_frame().select(pl.col("item_id").repeat_by(times).explode()).drop_nulls()
    rows = rows.join(_price_list(), on="item_id", how="left", maintain_order="left")
    count, bulk = rows.height, 70 if store.code == "A" else 25 if store.items > 200 else 8
    sellers = suppliers(store)
    seller, delivery = dice.whole(count, 0, len(sellers) - 1), dice.whole(count, 0, 11)
    day = ((delivery * 30 + seller * 7) % YEAR_DAYS).alias("day")
    bigger = pl.Series(dice.picks(count, (1, 1, 1, 1, 2, 5)))
    cost = (rows["price"] * bigger * (dice.fractions(count) * 0.3 + 0.85)).cast(pl.Int64) + 1
    return rows.select(
        dice.ids(count).alias("id"),
        pl.lit(store.id).alias("store_id"),
        "item_id",
        _batches(count, dice).alias("batch"),
        (_morning(day, now, hour=9).dt.date() + pl.duration(days=pl.lit(dice.whole(count, 150, 1_000)))).alias(
            "expiry_date"
        ),
        (pl.col("units") * bigger).alias("pack_size"),
        cost.alias("cost"),
        (cost * 115 // 100).alias("sell"),
        (dice.whole(count, 2, 10) * bulk * WHOLE_PACK // bigger).alias("received") // WHOLE_PACK * WHOLE_PACK,
        _morning(day, now, hour=9).alias("received_at"),
        seller.replace_strict(dict(enumerate(sellers)), return_dtype=pl.String).alias("supplier_code"),
        pl.lit(None, pl.String).alias("from_issue_id"),
    )


def _price_list() -> pl.DataFrame:
    """Each item's usual price of its usual pack, in hundredths, and the units in that pack."""
    listed = medicines()
    chance = Dice("prices").fractions(len(listed))
    return pl.DataFrame(
        {
            "item_id": [fixed_id("item", medicine.code) for medicine in listed],
            "units": [medicine.pack_size for medicine in listed],
            "price": chance**3 * 9_000 + 45,
        }
    )


def _batches(count: int, dice: Dice) -> pl.Series:
    letters = pl.Series(dice.picks(count, "ABCDEFGHKLMNPRSTVX"))
    return letters + dice.whole(count, 1_000, 99_999).cast(pl.String)


def _morning(day: pl.Series, now: datetime, *, hour: int) -> pl.Series:
    """The moment at ``hour`` of the ``day``-th day of the year that ends today."""
    first = (now - timedelta(days=YEAR_DAYS)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return pl.select(pl.lit(first).dt.cast_time_unit("us") + pl.duration(days=pl.lit(day))).to_series()


def _delivered(store: DemoStore, lines: pl.DataFrame, issues: pl.DataFrame, dice: Dice, now: datetime) -> pl.DataFrame:
    """What the supplying store has sent and has arrived, one to four days on the road."""
    sender = next(other for other in STORES if other.code == store.supplied_by)
    sent = issues.filter(pl.col("is_final"), pl.col("store_id") == sender.id, pl.col("customer_code") == store.code)
    road = pl.duration(days=pl.col("at").dt.ordinal_day() % 4 + 1)
    arrived = sent.with_columns((pl.col("at") + road).alias("received_at")).filter(pl.col("received_at") < now)
    of_line = lines.select("id", "item_id", "batch", "expiry_date", "pack_size", "sell")
    rows = arrived.join(of_line, left_on="stock_line_id", right_on="id", maintain_order="left")
    return rows.select(
        dice.ids(rows.height).alias("id"),
        pl.lit(store.id).alias("store_id"),
        "item_id",
        "batch",
        "expiry_date",
        "pack_size",
        pl.col("sell").alias("cost"),
        pl.col("sell").alias("sell"),
        pl.col("packs").alias("received"),
        "received_at",
        pl.lit(sender.code).alias("supplier_code"),
        pl.col("id").alias("from_issue_id"),
    )


def _issued(store: DemoStore, lines: pl.DataFrame, dice: Dice, now: datetime) -> pl.DataFrame:
    """Each stock line goes out in a few issues over the months after it came, never after it expired."""
    wishes = _on_order_days(_with_customers(_wishes(store, lines, dice), store, dice), store, now)
    rows = _shared_out(wishes.sort("stock_line_id", "at", "time"))
    rows = rows.filter(pl.col("at") < now, pl.col("at").dt.date() <= pl.col("expiry_date"), pl.col("packs") > 0)
    rows = rows.group_by("stock_line_id", "customer_code", "at", maintain_order=True).agg(pl.col("packs").sum())
    return rows.select(
        dice.ids(rows.height).alias("id"),
        "stock_line_id",
        pl.lit(store.id).alias("store_id"),
        "customer_code",
        "at",
        "packs",
        (pl.col("at") < now - timedelta(days=UNFINISHED_DAYS)).alias("is_final"),
    )


def _wishes(store: DemoStore, lines: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """A row an issue to come: ``weight`` is its part of the stock line, ``share`` what all of them take."""
    times = dice.whole(lines.height, 3, 8) if store.code == "A" else dice.whole(lines.height, 2, 5)
    share = pl.Series([1.0 if dice.happens(0.6) else 0.4 + 0.5 * f for f in dice.fractions(lines.height)])
    rows = lines.select(
        pl.col("id").alias("stock_line_id"),
        "item_id",
        "received",
        "received_at",
        "expiry_date",
        share.alias("share"),
        dice.whole(lines.height, 25, 200).alias("life"),
        pl.int_ranges(0, times).alias("time"),
    ).explode("time")
    after = pl.duration(hours=pl.lit(dice.fractions(rows.height)) * pl.col("life") * 24)
    return rows.with_columns(
        (dice.fractions(rows.height) + 0.2).alias("weight"), (pl.col("received_at") + after).alias("at")
    )


def _shared_out(rows: pl.DataFrame) -> pl.DataFrame:
    """With ``packs``, in whole packs, or in quarters where there are few.

    Counted from the running total, so that the issues of a line never exceed what was received.
    """
    taken = pl.col("weight").cum_sum().over("stock_line_id") / pl.col("weight").sum().over("stock_line_id")
    step = pl.when(pl.col("received") >= 20 * WHOLE_PACK).then(WHOLE_PACK).otherwise(_QUARTER_PACK)
    gone = ((pl.col("received") * taken * pl.col("share") + 0.001) // step).cast(pl.Int64) * step
    rows = rows.with_columns(gone.alias("gone"))
    before = pl.col("gone").shift(1, fill_value=0).over("stock_line_id")
    return rows.with_columns((pl.col("gone") - before).alias("packs"))


def _with_customers(rows: pl.DataFrame, store: DemoStore, dice: Dice) -> pl.DataFrame:
    """Who each issue goes to: a store it supplies, where that one keeps the item, or a ward or post."""
    posts = [code for code, _ in customers(store)]
    supplied = [other for other in STORES if other.supplied_by == store.code]
    rows = rows.with_columns(pl.Series("post", dice.picks(rows.height, posts)))
    if not supplied:
        return rows.rename({"post": "customer_code"})
    chance = [0.8 * other.items / sum(s.items for s in supplied) for other in supplied]
    names = [other.code for other in supplied] + [None]
    rows = rows.with_columns(pl.Series("wanted", dice.picks(rows.height, names, [*chance, 0.2]), pl.String))
    keeps = pl.DataFrame(
        [
            {"wanted": other.code, "item_id": fixed_id("item", medicine.code), "kept": other.code}
            for other in supplied
            for medicine in store_items(other)
        ]
    )
    rows = rows.join(keeps, on=["wanted", "item_id"], how="left", maintain_order="left")
    return rows.with_columns(pl.coalesce("kept", "post").alias("customer_code"))


def _on_order_days(rows: pl.DataFrame, store: DemoStore, now: datetime) -> pl.DataFrame:
    """Move each issue on to the customer's next order day: every ten days, each on a day of its own."""
    codes = sorted({code for code, _ in customers(store)} | {other.code for other in STORES})
    place = pl.col("customer_code").replace_strict(
        {code: number for number, code in enumerate(codes)}, return_dtype=pl.Int64
    )
    first = (now - timedelta(days=YEAR_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = (pl.col("at") - pl.lit(first)).dt.total_days() + 1
    ordered = (day - place % 10 + 9) // 10 * 10 + place % 10
    at = pl.lit(first).dt.cast_time_unit("us") + pl.duration(days=ordered, hours=10, minutes=place)
    return rows.with_columns(at.alias("at"))


def _returned(issues: pl.DataFrame, dice: Dice, now: datetime) -> pl.DataFrame:
    """Half of now and then an issue to a ward comes back twelve days later."""
    stores = [store.code for store in STORES]
    rows = issues.filter(
        pl.col("is_final"),
        ~pl.col("customer_code").is_in(stores),
        pl.col("at") < now - timedelta(days=40),
        dice.fractions(issues.height) < 0.012,
    )
    return rows.with_columns(
        dice.ids(rows.height).alias("id"),
        pl.col("at") + pl.duration(days=12, minutes=20),
        (pl.col("packs") // 2 // _QUARTER_PACK * _QUARTER_PACK).alias("packs"),
    ).filter(pl.col("packs") > 0)
