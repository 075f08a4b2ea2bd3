"""Usage by month of random documents of all kinds, against adding them up one by one."""

from __future__ import annotations

import random

import pytest

from tests.warehouse.documents_random import (
    ITEMS,
    OUTSIDE,
    PULLED,
    STORES,
    Move,
    hold_back,
    months,
    moves,
    put,
    table_of,
)
from warehouse.connection import Connection
from warehouse.exports import views


def units(found: list[Move], *kinds: str) -> int:
    return sum(move.units for move in found if move.kind in kinds)


@pytest.mark.parametrize("seed", [1, 2])
def test_b20_usage_of_random_documents_is_what_adding_them_up_one_by_one_gives(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    found = {
        (row["store_code"], row["item_code"], row["month"]): row
        for row in views.read(con, "item_usage_monthly").to_dicts()
    }
    clipped = 0
    for store in STORES:
        for item in ITEMS:
            own = [move for move in everything if (move.store, move.item) == (store, item)]
            for month in months(min(move.day for move in own)) if own else ():
                row, some = found.pop((store, item, month)), [move for move in own if move.month == month]
                if month > PULLED[store]:
                    assert (row["usage_units"], row["returned_units"], row["is_known"]) == (None, None, False)
                    continue
                net = units(some, "dispensed", "issued") - units(some, "returned")
                clipped += net < 0
                assert row["dispensed_units"] == units(some, "dispensed")
                assert row["issued_units"] == units(some, "issued")
                assert row["returned_units"] == units(some, "returned")
                assert row["usage_units"] == max(0, net)
    assert found == {}
    assert clipped


@pytest.mark.parametrize("seed", [3, 4])
def test_b41_usage_of_the_system_is_what_adding_up_what_left_it_gives(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    for row in views.read(con, "system_usage_monthly").to_dicts():
        some = [move for move in everything if (move.item, move.month) == (row["item_code"], row["month"])]
        outside = [move for move in some if move.whom in OUTSIDE]
        if row["usage_units"] is None:
            assert not some
            continue
        assert row["dispensed_units"] == units(some, "dispensed")
        assert row["issued_units"] == units(outside, "issued")
        assert row["returned_units"] == units(outside, "returned")
        assert row["usage_units"] == max(
            0, units(some, "dispensed") + units(outside, "issued") - units(outside, "returned")
        )


@pytest.mark.parametrize("seed", [5, 6])
def test_w4_what_waits_at_random_is_in_no_usage_and_counted_beside_it(con: Connection, seed: int) -> None:
    dice = random.Random(seed)
    everything = [move for move in moves(dice) if move.kind not in ("made", "used")]
    held = {move.document for move in everything if dice.random() < 0.2}
    put(con, [move for move in everything if move.document not in held])
    hold_back(con, [move for move in everything if move.document in held])
    seen = 0
    for row in views.read(con, "item_usage_monthly").to_dicts():
        if not row["is_known"]:
            continue
        place = (row["store_code"], row["item_code"], row["month"])
        some = [move for move in everything if (move.store, move.item, move.month) == place]
        here = [move for move in some if move.document not in held]
        late = [move for move in some if move.document in held]
        net = units(here, "dispensed", "issued") - units(here, "returned")
        is_more_possible = any(move.kind in ("dispensed", "issued") for move in late)
        used = None if net <= 0 and is_more_possible else max(0, net)
        assert (row["usage_units"], row["is_incomplete"]) == (used, bool(late))
        assert row["waiting_units"] == sum(move.units for move in late)
        seen += bool(late)
    assert seen
    rows = {(row["store_code"], row["table_name"]): row for row in views.read(con, "site_tables").to_dicts()}
    for (store, table), row in rows.items():
        late = [
            move for move in everything if move.store == store and table_of(move) == table and move.document in held
        ]
        assert (row["waiting_rows"], row["waiting_units"] or 0) == (2 * len(late), sum(move.units for move in late))
