"""What came into the stores and went out of them in a year, as columns of plain facts.

Quantities are whole hundredths of a pack and prices whole hundredths, so that every sum is exact;
``demo.reference.frames`` makes decimals of them. Supply runs down the tiers: what a warehouse issues to
another store is what that store receives, line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from demo.reference.catalogue import suppliers
from demo.reference.dice import Dice
from demo.reference.lists import store_items
from demo.reference.medicines import medicines
from demo.reference.places import STORES, DemoStore, fixed_id
from demo.stock.issues import QUARTER_PACK, WHOLE_PACK, YEAR_DAYS, issued
from demo.stock.roads import sent

_BULK = {"A": 70, "E": 8}
"""Packs in the smallest delivery of an item, where they are not as many as others of the kind have."""
_SHORT_DATED = 0.05
_OPENED = 0.93
_OPENING_DAYS = 7
_OPENING = 5
"""What a store that another one supplies has of an item at first: three to nine times as many packs."""


@dataclass(frozen=True)
class Movements:
    """The year of all stores; ``packs`` and ``received`` are hundredths of a pack.

    ``lines``, a row a stock line: id, store_id, item_id, batch, expiry_date, pack_size, cost, sell,
    received, received_at, supplier_code, from_issue_id (null unless another store sent it).
    ``issues``, a row an issued line: id, stock_line_id, store_id, customer_code, at, packs, is_final.
    ``returns``, the same columns: what customers brought back.
    ``on_the_way``, the issues to stores that are to arrive after ``now``.
    """

    lines: pl.DataFrame
    issues: pl.DataFrame
    returns: pl.DataFrame
    on_the_way: pl.DataFrame


def movements(seed: int, now: datetime) -> Movements:
    """A year of receipts and issues up to ``now``: suppliers first, then each tier from the one above."""
    lines: list[pl.DataFrame] = []
    issues: list[pl.DataFrame] = []
    under_way: list[pl.DataFrame] = []
    for store in STORES:  # in the order of places: a supplying store comes before those it supplies
        dice = Dice(f"{seed}:stock:{store.code}")
        own = [_bought(store, dice, now)]
        if store.supplied_by:
            shipped = sent(store, pl.concat(issues), Dice(f"{seed}:road:{store.code}"))
            own.append(_delivered(store, pl.concat(lines), shipped.filter(pl.col("received_at") < now), dice))
            under_way.append(shipped.filter(pl.col("received_at") >= now).drop("received_at"))
        lines.append(pl.concat(own))
        issues.append(issued(store, lines[-1], dice, now))
    all_issues = pl.concat(issues)
    returned = _returned(all_issues, Dice(f"{seed}:returns"), now)
    return Movements(pl.concat(lines), all_issues, returned, pl.concat(under_way))


def _bought(store: DemoStore, dice: Dice, now: datetime) -> pl.DataFrame:
    """Receipts from suppliers outside the network: all of them, or a few where a store supplies it."""
    rows = _deliveries(store, dice).join(_price_list(), on="item_id", how="left", maintain_order="left")
    count, sellers = rows.height, suppliers(store)
    bigger = pl.Series(dice.picks(count, (1, 1, 1, 1, 2, 5)))
    cost = (rows["price"] * bigger * (dice.fractions(count) * 0.3 + 0.85)).cast(pl.Int64) + 1
    arrived = _morning(rows["day"], now, hour=9)
    is_short_dated, short = dice.fractions(count) < _SHORT_DATED, dice.whole(count, 40, 150)
    life = pl.when(is_short_dated).then(short).otherwise(dice.whole(count, 200, 1_000))
    return rows.select(
        dice.ids(count).alias("id"),
        pl.lit(store.id).alias("store_id"),
        "item_id",
        _batches(count, dice).alias("batch"),
        (arrived.dt.date() + pl.duration(days=life)).alias("expiry_date"),
        (pl.col("units") * bigger).alias("pack_size"),
        cost.alias("cost"),
        (cost * 115 // 100).alias("sell"),
        (pl.col("packs") * WHOLE_PACK // bigger // WHOLE_PACK * WHOLE_PACK).alias("received"),
        arrived.alias("received_at"),
        pl.col("seller").replace_strict(dict(enumerate(sellers)), return_dtype=pl.String).alias("supplier_code"),
        pl.lit(None, pl.String).alias("from_issue_id"),
    )


def _deliveries(store: DemoStore, dice: Dice) -> pl.DataFrame:
    """A row an item that a delivery brings: item_id, seller, day of the year, packs of the usual size.

    An item comes every few weeks, about as much each time, mostly from one seller, whose deliveries are monthly. Most
    are there in the first week of the year: what the store had before it wrote anything down.
    """
    kept, sellers = store_items(store), len(suppliers(store))
    bulk = _BULK.get(store.code, 25 if _is_large(store) else 8)
    times = dice.whole(len(kept), 4, 7) if store.supplied_by is None else dice.whole(len(kept), -2, 1).clip(0)
    of_item = pl.DataFrame(
        {
            "item_id": [fixed_id("item", medicine.code) for medicine in kept],
            "times": times,
            "first": dice.whole(len(kept), 0, 11),
            "usual": dice.whole(len(kept), 0, sellers - 1),
            "some": dice.whole(len(kept), 3, 9),
        }
    )
    opening = of_item.filter(dice.fractions(of_item.height) < _OPENED).select(
        "item_id",
        seller=pl.col("usual"),
        day=pl.col("usual") % _OPENING_DAYS,
        packs=pl.col("some") * (bulk if store.supplied_by is None else _OPENING),
    )
    of_item = of_item.filter(pl.col("times") > 0)
    rows = of_item.with_columns(pl.int_ranges(0, "times").alias("time")).explode("time")
    seller = pl.when(dice.fractions(rows.height) < 0.8).then("usual")
    slot = (pl.col("first") + pl.col("time") * 12 // pl.col("times")) % 12
    rows = rows.with_columns(
        seller.otherwise(dice.whole(rows.height, 0, sellers - 1)).alias("seller"),
        (pl.col("some") * bulk * (dice.fractions(rows.height) * 0.5 + 0.75)).ceil().cast(pl.Int64).alias("packs"),
        slot.alias("slot"),
    ).select("item_id", "seller", ((pl.col("slot") * 30 + pl.col("seller") * 7) % YEAR_DAYS).alias("day"), "packs")
    return pl.concat([opening, rows], how="vertical_relaxed")


def _is_large(store: DemoStore) -> bool:
    return store.level == "Warehouse" or any(other.supplied_by == store.code for other in STORES)


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


def _delivered(store: DemoStore, lines: pl.DataFrame, arrived: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """The stock lines of what the supplying store has sent and has ``arrived``."""
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
        pl.lit(store.supplied_by).alias("supplier_code"),
        pl.col("id").alias("from_issue_id"),
    )


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
        (pl.col("packs") // 2 // QUARTER_PACK * QUARTER_PACK).alias("packs"),
    ).filter(pl.col("packs") > 0)
