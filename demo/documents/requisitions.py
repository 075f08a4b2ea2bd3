"""Requisitions between stores: what was asked for, how soon the supplying store answered, and how much it gave."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, rows
from demo.reference.lists import store_items
from demo.reference.places import STORES, DemoStore, fixed_id
from demo.stock.issues import WHOLE_PACK, YEAR_DAYS

_MONTHS, _SPELL_MONTHS = 12, 2
_HARD_MONTHS = 5
"""Of the year, in which a supplying store is short of much at once: most of its orders then lack something."""
_SHORT, _SHORT_IN_HARD = 0.01, (0.35, 0.5)
"""Of its items, how many it is short of in other months, and in a hard one, from and to."""
_NOTHING = 0.3
"""Of what it is short of, how much it has none of at all."""
_ANSWERED_DAYS = {"central": (2, 5), "store": (1, 3), "next door": (0, 1)}
"""Until a supplier usually answers, from and to: every route has its own."""
_DELAY_DAYS = 9
"""What a late answer takes longer at most."""


def requisition_tables(made: Tables, dice: Dice, now: datetime) -> Tables:
    """A finalised request a month to the supplying store, answered some days later; and one being written."""
    asked = _requests(made, dice, now)
    answered = _answers(asked.filter(pl.col("status") == "finalised"), dice)
    lines = pl.concat([asked.with_columns(pl.lit(0, pl.Int64).alias("supplied_units")), answered])
    links = pl.when(pl.col("status") == "finalised").then(pl.col("linked_requisition_id", "linked_line_id"))
    lines = lines.with_columns(links)
    heads = lines.select(
        pl.col("requisition_id").alias("id"),
        *("linked_requisition_id", "store", "other", "at", "done_at", "type", "status"),
    ).unique("id", maintain_order=True)
    store = {each.code: each.id for each in STORES}
    name = {each.code: each.name_id for each in STORES}
    requisition = numbered(heads, "store", "type", at="at").with_columns(
        pl.col("store").replace_strict(store).alias("store_id"),
        pl.col("other").replace_strict(name).alias("other_name_id"),
        pl.col("at").alias("created_at"),
        pl.when(pl.col("status") == "finalised").then("done_at").alias("finalised_at"),
    )
    return {"requisition": rows("requisition", requisition), "requisition_line": rows("requisition_line", lines)}


def _answers(asked: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """The responses to requests, line by line: what a supplier is short of in a month, it is short of for all."""
    short = pl.concat([_shortages(store, dice) for store in STORES if _is_supplier(store)])
    lines = asked.join(short, on=["other", "month", "item_id"], how="left", maintain_order="left")
    lines = lines.join(_answer_times(asked, dice), on="requisition_id", how="left", maintain_order="left")
    given = pl.col("asked_packs") * pl.col("part").fill_null(100) // 100 * pl.col("units") * WHOLE_PACK
    swapped = lines.with_columns(
        pl.lit("response").alias("type"),
        pl.col("linked_requisition_id").alias("requisition_id"),
        pl.col("requisition_id").alias("linked_requisition_id"),
        pl.col("linked_line_id").alias("id"),
        pl.col("id").alias("linked_line_id"),
        pl.col("other").alias("store"),
        pl.col("store").alias("other"),
        (pl.col("done_at") + pl.duration(hours=1)).alias("at"),
        pl.col("answered_at").alias("done_at"),
        given.alias("supplied_units"),
    )
    return swapped.select(*asked.columns, "supplied_units")


def _is_supplier(store: DemoStore) -> bool:
    return any(other.supplied_by == store.code for other in STORES)


def _shortages(store: DemoStore, dice: Dice) -> pl.DataFrame:
    """What the store is short of: other (its code), month, item_id, and the part of what is asked that it gives."""
    items = pl.DataFrame({"item_id": [fixed_id("item", medicine.code) for medicine in store_items(store)]})
    spells = items.join(pl.DataFrame({"spell": range(_MONTHS // _SPELL_MONTHS)}), how="cross")
    spells = spells.with_columns(
        dice.fractions(spells.height).alias("chance"),
        pl.when(dice.fractions(spells.height) >= _NOTHING)
        .then(dice.whole(spells.height, 20, 90))
        .otherwise(0)
        .alias("part"),
    )
    hard, (low, high) = dice.sample(range(_MONTHS), _HARD_MONTHS), _SHORT_IN_HARD
    in_hard = low + (high - low) * dice.fractions(_MONTHS)
    months = pl.DataFrame({"month": range(_MONTHS), "in_hard": in_hard}).with_columns(
        pl.when(pl.col("month").is_in(hard)).then("in_hard").otherwise(_SHORT).alias("share"),
        (pl.col("month") // _SPELL_MONTHS).alias("spell"),
    )
    short = spells.join(months, on="spell", maintain_order="left_right").filter(pl.col("chance") < pl.col("share"))
    return short.select(pl.lit(store.code).alias("other"), "month", "item_id", "part")


def _answer_times(asked: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """When each request is answered: requisition_id, answered_at. Every route has a time of its own, and is late at
    times."""
    heads = asked.unique("requisition_id", maintain_order=True)
    routes = {(store.code, store.supplied_by): _usual_days(store) for store in STORES if store.supplied_by}
    usual = pl.Series([routes[route] for route in heads.select("store", "other").iter_rows()], dtype=pl.Int64)
    days = usual + (dice.fractions(heads.height) ** 5 * _DELAY_DAYS).floor().cast(pl.Int64)
    after = pl.duration(hours=pl.lit(days * 24 + dice.whole(heads.height, 2, 7)))
    return heads.select("requisition_id", (pl.col("done_at") + after).alias("answered_at"))


def _usual_days(store: DemoStore) -> int:
    supplier = next(other for other in STORES if other.code == store.supplied_by)
    kind = "next door" if supplier.site == store.site else "store" if supplier.supplied_by else "central"
    return Dice(f"answer:{supplier.code}:{store.code}").number(*_ANSWERED_DAYS[kind])


def _requests(made: Tables, dice: Dice, now: datetime) -> pl.DataFrame:
    """A row a line asked for, with the ids that its answer will have: about as much as is usually sent at a time."""
    lines = _wanted(dice, now).join(_usually_sent(made), on=["store", "item_id"], how="left", maintain_order="left")
    heads = lines.select("store", "at").unique(maintain_order=True)
    heads = heads.with_columns(
        dice.ids(heads.height).alias("requisition_id"), dice.ids(heads.height).alias("linked_requisition_id")
    )
    packs = (pl.col("packs").fill_null(1) * (dice.fractions(lines.height) * 0.8 + 0.6)).ceil().cast(pl.Int64)
    lines = lines.with_columns(packs.alias("asked_packs"), pl.col("units").fill_null(1))
    return lines.join(heads, on=["store", "at"], maintain_order="left").with_columns(
        dice.ids(lines.height).alias("id"),
        dice.ids(lines.height).alias("linked_line_id"),
        pl.lit("request").alias("type"),
        (pl.col("at") + pl.duration(hours=2)).alias("done_at"),
        (pl.col("asked_packs") * pl.col("units") * WHOLE_PACK).alias("requested_units"),
        (pl.col("asked_packs") * pl.col("units") * dice.whole(lines.height, 0, 150)).alias("stock_on_hand_units"),
    )


def _wanted(dice: Dice, now: datetime) -> pl.DataFrame:
    """What each store asks for, on a day of its own each month: store, other, month, at, status, item_id."""
    first = (now - timedelta(days=YEAR_DAYS)).replace(hour=8, minute=0, second=0, microsecond=0)
    asked = [
        {"store": store.code, "other": store.supplied_by, "month": month, "at": at, "status": status, "item_id": item}
        for place, store in enumerate(STORES)
        if store.supplied_by
        for month, at, status in [
            *((month, first + timedelta(days=3 + place + 30 * month), "finalised") for month in range(_MONTHS)),
            (None, now - timedelta(hours=20), "new"),
        ]
        for item in [fixed_id("item", m.code) for m in dice.sample(store_items(store), dice.number(8, 18))]
    ]
    return pl.DataFrame(asked).with_columns(pl.col("at").dt.cast_time_unit("us"))


def _usually_sent(made: Tables) -> pl.DataFrame:
    """How much a store gets of an item at a time from the one that supplies it: store, item_id, packs, units in one."""
    came = made["invoice"].filter(pl.col("type") == "supplier_invoice", pl.col("linked_invoice_id").is_not_null())
    codes = pl.DataFrame({"store_id": [each.id for each in STORES], "store": [each.code for each in STORES]})
    lines = (
        made["invoice_line"].join(came.select("store_id", invoice_id="id"), on="invoice_id").join(codes, on="store_id")
    )
    return lines.group_by("store", "item_id").agg(
        pl.col("packs").cast(pl.Float64).median(), pl.col("pack_size").min().cast(pl.Int64).alias("units")
    )
