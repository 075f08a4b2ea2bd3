"""How long goods are on the road between stores: next door hours, by boat weeks, and at times much longer."""

from __future__ import annotations

import polars as pl

from demo.reference.dice import Dice
from demo.reference.places import BY_BOAT, RURAL, STORES, DemoStore

_NEXT_DOOR, _ROAD, _FAR, _BOAT = (2, 8), (24, 72), (60, 110), (150, 260)
"""Hours of a usual way, from and to: every route has its own."""
_AT_LEAST = 0.7
"""Of the usual time."""
_DELAY = 2.0
"""How many times the usual time the worst delay adds."""


def sent(store: DemoStore, issues: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """What the supplying store has sent to ``store``: its issues with ``received_at``, in the past or to come."""
    sender = next(other for other in STORES if other.code == store.supplied_by)
    shipped = issues.filter("is_final", pl.col("store_id") == sender.id, pl.col("customer_code") == store.code)
    usual = 60 * Dice(f"road:{sender.code}:{store.code}").number(*_hours(sender, store))
    moments = shipped.select(pl.col("at").unique()).sort("at")
    chance, delay = dice.fractions(moments.height), dice.fractions(moments.height) ** 5
    minutes = (usual * (_AT_LEAST + 2 * (1 - _AT_LEAST) * chance + _DELAY * delay)).cast(pl.Int64)
    arrivals = moments.with_columns((pl.col("at") + pl.duration(minutes=pl.lit(minutes))).alias("received_at"))
    # what is sent later does not arrive earlier: it comes a minute after what it would have overtaken
    apart = pl.duration(minutes=pl.int_range(pl.len()))
    arrivals = arrivals.with_columns((pl.col("received_at") - apart).cum_max() + apart)
    return shipped.join(arrivals, on="at", how="left", maintain_order="left")


def _hours(sender: DemoStore, receiver: DemoStore) -> tuple[int, int]:
    if sender.site == receiver.site:
        return _NEXT_DOOR
    if BY_BOAT in receiver.tags:
        return _BOAT
    return _FAR if RURAL in receiver.tags else _ROAD
