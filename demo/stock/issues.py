"""What goes out of a store: to whom, when and how much, at the pace at which the store uses what it gets.

A store uses an item evenly: what came in lasts until it has, today, so many months of it left as chance wants for this
item here. Most have enough, some too much, some too little, and some ran out a while ago.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.catalogue import customers
from demo.reference.dice import Dice
from demo.reference.lists import store_items
from demo.reference.places import BY_BOAT, STORES, DemoStore, fixed_id

YEAR_DAYS = 364
UNFINISHED_DAYS = 4
WHOLE_PACK = 100
QUARTER_PACK = 25
_MONTH_DAYS = 30
_GAP_DAYS = {"central": 9, "dispensary": 14, "store": 22}
"""Days from one issue of an item to the next."""
_AT_ONCE_DAYS = 20
"""What comes late is not used up faster than that."""
_TO_STORES = 0.8
_FORGOTTEN = 0.05
"""Of deliveries: a part of them stays on the shelf."""

# Months of stock that are left, from and to; below none: how long ago the item ran out.
_LEFT = ((-1.5, -0.6), (0.1, 0.6), (1.0, 2.2), (2.8, 5.0), (6.0, 12.0))
_USUALLY = (7, 13, 64, 13, 3)
_HARD_TO_REACH = (14, 19, 52, 12, 3)
_IN_RESERVE = (1, 4, 40, 40, 15)


def issued(store: DemoStore, lines: pl.DataFrame, dice: Dice, now: datetime) -> pl.DataFrame:
    """The issues of a store's stock lines, as ``Movements`` has them; never after a line expired."""
    wishes = _on_order_days(_with_customers(_wishes(store, lines, dice, now), store, dice), store, now)
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


def _wishes(store: DemoStore, lines: pl.DataFrame, dice: Dice, now: datetime) -> pl.DataFrame:
    """A row an issue to come: ``weight`` is its part of the stock line, ``share`` what all of them take."""
    rows = _in_use(lines, _months_left(store, lines, dice), now)
    gap = _GAP_DAYS["central" if store.code == "A" else store.mode]
    days = (pl.col("until") - pl.col("since")).dt.total_hours() / 24
    times = (days / gap).ceil().cast(pl.Int64).clip(1, 40)
    share = pl.Series(
        [0.3 + 0.6 * dice.fractions(1)[0] if dice.happens(_FORGOTTEN) else 1.0 for _ in range(rows.height)]
    )
    rows = rows.select(
        pl.col("id").alias("stock_line_id"),
        "item_id",
        "received",
        "expiry_date",
        "since",
        share.alias("share"),
        times.alias("times"),
        days.alias("days"),
        pl.int_ranges(0, times).alias("time"),
    ).explode("time")
    done = (pl.col("time") + dice.fractions(rows.height)) / pl.col("times")
    after = pl.duration(hours=done * pl.col("days") * 24)
    return rows.with_columns((dice.fractions(rows.height) + 1).alias("weight"), (pl.col("since") + after).alias("at"))


def _months_left(store: DemoStore, lines: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """For how many months each item of the store is to last from today on: item_id, left."""
    items = lines.select(pl.col("item_id").unique(maintain_order=True))
    weights = _HARD_TO_REACH if BY_BOAT in store.tags else _IN_RESERVE if store.code == "E" else _USUALLY
    ranges = dice.picks(items.height, _LEFT, weights)
    low, high = (pl.Series([each[end] for each in ranges]) for end in (0, 1))
    return items.with_columns((low + (high - low) * dice.fractions(items.height)).alias("left"))


def _in_use(lines: pl.DataFrame, left: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """With ``since`` and ``until``: what came first goes first, and all of an item's lines at one pace."""
    rows = lines.join(left, on="item_id", how="left", maintain_order="left").sort("item_id", "received_at", "id")
    units = pl.col("received") * pl.col("pack_size")
    first = pl.col("received_at").min().over("item_id")
    known = (pl.lit(now.replace(tzinfo=None)) - first.dt.replace_time_zone(None)).dt.total_days()
    rows = rows.with_columns(
        first.alias("first"),
        (known + pl.col("left") * _MONTH_DAYS).clip(_AT_ONCE_DAYS).alias("span"),
        (units.cum_sum().over("item_id") / units.sum().over("item_id")).alias("done"),
        (units / units.sum().over("item_id")).alias("part"),
    )
    begun, over = (
        pl.col("first") + pl.duration(hours=pl.col("span") * 24 * share)
        for share in (pl.col("done") - pl.col("part"), pl.col("done"))
    )
    rows = rows.with_columns(pl.max_horizontal("received_at", begun).alias("since"), over.alias("over"))
    late = pl.col("since") + pl.duration(days=_AT_ONCE_DAYS)
    return rows.with_columns(pl.max_horizontal("over", late).alias("until"))


def _shared_out(rows: pl.DataFrame) -> pl.DataFrame:
    """With ``packs``, in whole packs, or in quarters where there are few.

    Counted from the running total, so that the issues of a line never exceed what was received.
    """
    taken = pl.col("weight").cum_sum().over("stock_line_id") / pl.col("weight").sum().over("stock_line_id")
    step = pl.when(pl.col("received") >= 20 * WHOLE_PACK).then(WHOLE_PACK).otherwise(QUARTER_PACK)
    gone = ((pl.col("received") * taken * pl.col("share") + 0.001) // step).cast(pl.Int64) * step
    rows = rows.with_columns(gone.alias("gone"))
    before = pl.col("gone").shift(1, fill_value=0).over("stock_line_id")
    return rows.with_columns((pl.col("gone") - before).alias("packs"))


def _with_customers(rows: pl.DataFrame, store: DemoStore, dice: Dice) -> pl.DataFrame:
    """Who each issue goes to: in turn the stores it supplies that keep the item, and wards or posts."""
    posts = [code for code, _ in customers(store)]
    rows = rows.with_columns(pl.Series("post", dice.picks(rows.height, posts)))
    turns = _turns(store)
    # steps of the golden section go round evenly, however many take part
    place = pl.int_range(pl.len()).over("item_id", order_by=["at", "stock_line_id", "time"])
    start = pl.col("item_id").str.slice(0, 6).str.to_integer(base=16) / 16**6
    rows = rows.with_columns(((place * 0.6180339887 + start) % 1).alias("turn"))
    placed = rows.sort("turn", "stock_line_id", "time").join_asof(
        turns.sort("turn", "item_id"), on="turn", by="item_id", strategy="backward", check_sortedness=False
    )
    return placed.with_columns(pl.coalesce("kept", "post").alias("customer_code"))


def _turns(store: DemoStore) -> pl.DataFrame:
    """From which part of each round on it is whose turn: item_id, turn, kept (a store's code; null for the posts)."""
    supplied = [other for other in STORES if other.supplied_by == store.code]
    keepers = {
        fixed_id("item", medicine.code): [other.code for other in supplied if medicine in store_items(other)]
        for medicine in store_items(store)
    }
    rounds = [
        (item, _TO_STORES * place / len(codes) if codes else 0.0, code)
        for item, codes in keepers.items()
        for place, code in enumerate([*codes, None])
    ]
    items, starts, codes = zip(*rounds, strict=True)
    return pl.DataFrame({"item_id": items, "turn": starts, "kept": pl.Series(codes, dtype=pl.String)})


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
