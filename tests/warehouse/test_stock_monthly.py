"""The ledger by month and the rate of stock-outs, by hand, and against adding up random documents one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.documents_random import ITEMS, PULLED, SIGN, STORES, Move, months, moves, put
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network; these tests only read it."""
    with open_warehouse(new_warehouse(tmp_path_factory.mktemp("ledger") / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def test_w3_what_there_was_what_came_what_went_and_what_was_left(network: Connection) -> None:
    columns = (
        "store_code month opening_units received_units dispensed_units issued_units closing_units closing_value "
        "stock_out_days known_days"
    )
    assert shown(network, "stock_monthly", columns, item="P") == by_hand("""
        A 2025-12-01   0 1000   0   0 1000 122.606383 0 22   # 46.1 for 376 units; it came on the 10th
        A 2026-01-01 1000   0 124   0  876 107.403191 0 31
        A 2026-02-01 876    0 100 100  676  82.881915 0 28
        A 2026-03-01 676    0  76 200  400  49.042553 0 31
        A 2026-04-01 400    0  24   0  376  46.1      0 15
        B 2026-02-01   0  100   0   0  100  10        0  8
        B 2026-03-01 100    0  39   0   61   6.1      0 31
        B 2026-04-01  61    0   0   0   61   6.1      0 15
        C 2025-10-01   0  500   0   0  500  25        0 17
        C 2025-11-01 500    0   0   0  500  25        0 30
        C 2025-12-01 500    0  90   0  410  20.5      0 31
        C 2026-01-01 410    0   0   0  410  20.5      0 31
        C 2026-02-01 410    0  30   0  380  19        0 20   # to the 20th
        C 2026-03-01   -    -   -   -    -   -        -  -
        C 2026-04-01   -    -   -   -    -   -        -  -
    """)


def test_w3_adjustments_by_reason_and_what_stock_that_is_gone_is_worth(network: Connection) -> None:
    columns = "item_code month received_units gained_units lost_units adjusted_by_reason closing_units closing_value"
    found = shown(network, "stock_monthly", columns, store="A")
    assert [row for row in found if row[:2] in (["Q", "2025-11-01"], ["R", "2025-11-01"], ["R", "2025-12-01"])] == [
        ["Q", "2025-11-01", "20", "0", "5", "no reason -5", "15", "30"],
        ["R", "2025-11-01", "50", "0", "0", "-", "50", "15"],  # 0.30 a unit, by the line that is empty now
        ["R", "2025-12-01", "0", "0", "0", "-", "0", "0"],
    ]


def test_w3_where_movements_do_not_explain_the_stock_no_balance_is_known(network: Connection) -> None:
    """C has 5 of Q that never came: no movement, no month."""
    assert shown(network, "stock_monthly", "month", store="C", item="Q") == []
    network.execute("begin transaction")
    network.execute("update replica.stock_line set total_packs = 39 where id = 'p8'")
    columns = "month opening_units received_units dispensed_units gained_units closing_units is_explained"
    assert shown(network, "stock_monthly", columns, store="C", item="P")[2] == by_hand("2025-12-01 - 0 90 - - no")[0]
    network.execute("rollback")


def test_w3_the_rate_of_stock_outs_with_what_it_is_of(network: Connection) -> None:
    columns = "month days_out days_known pct_days_out stores_out stores_known pct_stores_out stores_total"
    assert shown(network, "stock_out_monthly", columns, item="R") == by_hand("""
        2025-11-01  0 30  0         0 1   0 1
        2025-12-01 11 58 18.965517  1 2  50 2   # 31 days of A, 27 of B, where it came on the 5th
        2026-01-01 31 62 50         1 2  50 2
        2026-02-01 28 56 50         1 2  50 2
        2026-03-01 31 62 50         1 2  50 2
        2026-04-01 15 30 50         1 2  50 2   # to the 15th; what B has is on hold, and is there
    """)
    found = shown(network, "stock_out_monthly", columns, item="P")
    assert found[-2:] == by_hand("""
        2026-03-01  0 62  0  0 2  0 3   # C was not heard
        2026-04-01  0 30  0  0 2  0 3
    """)


@pytest.mark.parametrize("seed", [1, 2])
def test_w3_ledgers_of_random_documents_are_what_adding_them_up_one_by_one_gives(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    found = {
        (row["store_code"], row["item_code"], row["month"]): row for row in views.read(con, "stock_monthly").to_dicts()
    }
    pairs = [(store, item) for store in STORES for item in ITEMS]
    for store, item in pairs:
        own = [move for move in everything if (move.store, move.item) == (store, item)]
        for month in months(min(move.day for move in own)) if own else ():
            row = found.pop((store, item, month))
            if month > PULLED[store]:
                assert (row["closing_units"], row["known_days"], row["is_known"]) == (None, None, False)
                continue
            expected = ledger(own, month)
            assert {name: row[name] for name in expected} == expected
            assert row["closing_value"] == 2 * expected["closing_units"]
            assert row["stock_out_days"] == days_out(own, month, PULLED[store])
    assert found == {}


@pytest.mark.parametrize("seed", [3, 4])
def test_w3_rates_of_random_documents_are_what_counting_days_one_by_one_gives(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    rows = views.read(con, "stock_out_monthly").to_dicts()
    for row in rows:
        pairs = [
            [move for move in everything if (move.store, move.item) == (store, row["item_code"])] for store in STORES
        ]
        had = [own for own in pairs if own and min(move.day for move in own) <= last_of(row["month"])]
        heard = [own for own in had if row["month"] <= PULLED[own[0].store]]
        out = [days_out(own, row["month"], PULLED[own[0].store]) for own in heard]
        known = [
            (min(last_of(row["month"]), PULLED[own[0].store]) - max(row["month"], min(move.day for move in own))).days
            + 1
            for own in heard
        ]
        assert (row["days_out"], row["days_known"]) == (sum(out), sum(known))
        assert (row["stores_out"], row["stores_known"]) == (sum(days > 0 for days in out), len(heard))
        assert row["stores_total"] == len(had)
        assert row["pct_days_out"] == (pytest.approx(100 * sum(out) / sum(known)) if sum(known) else None)
    assert {row["item_code"] for row in rows} == {move.item for move in everything}
    assert any(row["days_out"] for row in rows)


def last_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def ledger(own: list[Move], month: date) -> dict[str, int]:
    some = [move for move in own if move.month == month]
    by_kind = {kind: sum(move.units for move in some if move.kind == kind) for kind in SIGN}
    opening = sum(move.signed for move in own if move.day < month)
    flows = {f"{kind}_units": by_kind[kind] for kind in SIGN if kind not in ("made", "used")}
    closing = opening + sum(move.signed for move in some)
    return {"opening_units": opening, **flows, "built_units": by_kind["made"] - by_kind["used"],
            "closing_units": closing}  # fmt: skip


def days_out(own: list[Move], month: date, known: date) -> int:
    """Whole days of the month, up to the last that is known, that open and close without any after some had come."""
    first, count = min(move.day for move in own), 0
    day = max(month, first)
    while day.month == month.month and day <= known:
        opened = sum(move.signed for move in own if move.day < day)
        closed = sum(move.signed for move in own if move.day <= day)
        had = any(move.signed > 0 for move in own if move.day < day)
        count += opened <= 0 and closed <= 0 and had
        day += timedelta(days=1)
    return count


def test_w3_what_moved_more_than_twenty_years_ago_is_in_the_first_opening(network: Connection) -> None:
    network.execute("begin transaction")
    network.execute("update replica.invoice set finalised_at = '1999-01-01T00:00Z' where id = 'i12'")
    columns = "month opening_units received_units closing_units"
    found = shown(network, "stock_monthly", columns, store="C", item="P")
    assert found[0] == ["2006-04-01", "500", "0", "500"]
    assert ["2025-12-01", "500", "0", "410"] in found
    network.execute("rollback")
