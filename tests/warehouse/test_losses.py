"""What was lost, why, and what that is worth: by hand, and against adding up random documents one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.documents_random import PULLED, moves, put
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network, where more was lost."""
    with open_warehouse(new_warehouse(tmp_path_factory.mktemp("losses") / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        reasons = {"damage": "Damaged", "age": "Expired"}
        golden.rows(opened, "reason_option", ({"id": key, "name": name} for key, name in reasons.items()))
        lose(opened, "b1", "A", "P", "30", "2026-03-10T00:00", "damage", batch="p2")
        lose(opened, "b2", "A", "P", "20", "2026-04-14T13:00", "age", batch="p3")
        lose(opened, "b3", "A", "T", "10", "2026-03-20T00:00", "damage", batch="t1")
        lose(opened, "b4", "A", "P", "4", "2026-03-21T00:00", "damage")
        lose(opened, "b5", "B", "S", "3", "2026-03-20T00:00", None, pack_size=None)
        lose(opened, "b6", "A", "P", "99", "2026-03-22T00:00", "damage", status="new")
        yield opened


def lose(
    con: Connection, key: str, store: str, item: str, packs: str, at: str, reason: str | None, *,
    batch: str | None = None, pack_size: str | None = "1", status: str = "finalised",
) -> None:  # fmt: skip
    header = {"id": key, "store_id": store, "type": "loss", "status": status, "finalised_at": golden.moment(at)}
    golden.rows(con, "inventory_adjustment", [header])
    line = {"id": key, "inventory_adjustment_id": key, "item_id": item, "stock_line_id": batch, "reason_id": reason,
            "packs": Decimal(packs), "pack_size": pack_size and Decimal(pack_size)}  # fmt: skip
    golden.rows(con, "inventory_adjustment_line", [line])


def test_w3_losses_by_reason_in_units_and_at_what_they_cost(network: Connection) -> None:
    columns = "month store_code item_code reason lines lost_units lost_value expired_units expired_value unknown_lines"
    assert shown(network, "losses", columns.replace("reason ", "")) == by_hand("""
        2026-04-01 A P 1 20 3        20 3 0   # 40 units cost 6.00; on its expiry day in Auckland
        2026-03-01 A P 2 34 4.990426  0 0 0   # 30 * 0.15; 4 of no batch: 46.1 for 376 units
        2026-03-01 A T 1 10 4         0 0 0   # its own batch has no price: the other one's 16 for 40 units
        2026-03-01 B S 1  -  -        0 0 1   # three packs of nobody knows how many
        2025-11-01 A Q 1  5 10        0 0 0
    """)
    assert [reason for [reason] in shown(network, "losses", "reason")] == [
        "Expired", "Damaged", "Damaged", "no reason", "no reason",
    ]  # fmt: skip


def test_w3_losses_stand_in_the_ledger_beside_what_was_given_out(network: Connection) -> None:
    """What A issued to B is given out and not used: it is counted where it leaves the system."""
    columns = "month lost_units lost_value given_out_value used_value"
    assert shown(network, "stock_monthly", columns, store="A", item="P") == by_hand("""
        2025-12-01  0 0          0         0
        2026-01-01  0 0         15.203191 15.203191   # 124 dispensed
        2026-02-01  0 0         24.521276 12.260638   # 100 dispensed, 100 issued to B
        2026-03-01 34 4.990426  33.839362 33.839362   # 76 dispensed, 200 issued to a hospital
        2026-04-01 20 3          2.942553  2.942553
    """)


def test_w4_what_is_not_known_is_no_loss_of_nothing(network: Connection) -> None:
    """C was not heard since February."""
    columns = "month lost_units lost_value given_out_value"
    found = shown(network, "stock_monthly", columns, store="C", item="P")
    assert found[-3:] == by_hand("""
        2026-02-01 0 0 1.5
        2026-03-01 - - -
        2026-04-01 - - -
    """)


def test_w4_what_has_no_price_is_worth_nobody_knows_what(network: Connection) -> None:
    network.execute("begin transaction")
    network.execute("update replica.stock_line set cost_price_per_pack = null where store_id = 'A' and item_id = 'P'")
    columns = "month lost_units lost_value given_out_value used_value"
    assert shown(network, "stock_monthly", columns, store="A", item="P")[-2:] == by_hand("""
        2026-03-01 34 - - -
        2026-04-01 20 - - -
    """)
    columns = "month lost_value expired_value value_missing_units"
    assert shown(network, "losses", columns, store="A", item="P") == by_hand("""
        2026-04-01 - - 20
        2026-03-01 - 0 34
    """)
    network.execute("rollback")


@pytest.mark.parametrize("seed", [5, 6])
def test_w3_losses_of_random_documents_are_what_adding_them_up_one_by_one_gives(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    expected: dict[tuple[str, str, date], int] = defaultdict(int)
    for move in everything:
        if move.kind == "lost":
            expected[move.store, move.item, move.month] += move.units
    rows = views.read(con, "losses").to_dicts()
    assert {(row["store_code"], row["item_code"], row["month"]): row["lost_units"] for row in rows} == expected
    assert all(row["lost_value"] == 2 * row["lost_units"] for row in rows)
    for row in views.read(con, "stock_monthly").to_dicts():
        own = [move for move in everything if (move.store, move.item, move.month) == (
            row["store_code"], row["item_code"], row["month"])]  # fmt: skip
        if row["month"] <= PULLED[row["store_code"]]:
            given = [move for move in own if move.kind in ("issued", "dispensed")]
            used = [move for move in given if move.kind == "dispensed" or not move.whom.startswith("store-")]
            assert row["given_out_value"] == 2 * sum(move.units for move in given)
            assert row["used_value"] == 2 * sum(move.units for move in used)
