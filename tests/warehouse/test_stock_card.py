"""The stock card, by hand, and of random documents against a shelf that is filled and emptied one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.documents_random import moves, put
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views

COLUMNS = "moved_date kind batch document_id other_name in_units out_units batch_units balance_units"


@pytest.fixture
def network(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def test_w3_what_came_and_went_with_what_was_left_and_no_patient(network: Connection) -> None:
    assert shown(network, "stock_card", COLUMNS, store="A", item="T") == by_hand("""
        2026-03-02 received  - i7 Supplier 100   0 - 100
        2026-03-04 dispensed - -  -          0 100 -   0
        2026-03-31 received  - i8 Supplier  60   0 -  60
    """)


def test_w3_two_prescriptions_of_a_day_are_one_line_and_goods_move_between_batches(network: Connection) -> None:
    """All of T that came first was put on t1, and on 31 March half of it was moved to t2."""
    network.execute("update replica.invoice_line set stock_line_id = 't1' where invoice_id in ('i7', 'i8')")
    network.execute("update replica.prescription_line set stock_line_id = 't1', packs = 60 where id = 'd7l'")
    golden.rows(network, "prescription", [{"id": "d7b", "store_id": "A", "status": "finalised",
                                           "dispensed_at": golden.moment("2026-03-04T03:00")}])  # fmt: skip
    line = {"pack_size": Decimal(1), "packs": Decimal(40), "item_id": "T"}
    golden.rows(network, "prescription_line", [{"id": "x", "prescription_id": "d7b", "stock_line_id": "t1", **line}])
    golden.rows(network, "replenishment", [{"id": "r", "store_id": "A", "status": "finalised", "number": 3,
                                            "finalised_at": golden.moment("2026-03-31T00:00")}])  # fmt: skip
    moved = {"replenishment_id": "r", "from_stock_line_id": "t1", "to_stock_line_id": "t2"}
    golden.rows(network, "replenishment_line", [{"id": "y", **moved, **line}])
    assert shown(network, "stock_card", COLUMNS, store="A", item="T") == by_hand("""
        2026-03-02 received  T-1 i7 Supplier 100   0 100 100
        2026-03-04 dispensed T-1 -  -          0 100   0   0
        2026-03-31 moved_in  T-2 r  -         40   0  40  40   # what comes in on a day stands first
        2026-03-31 received  T-1 i8 Supplier  60   0  60 100
        2026-03-31 moved_out T-1 r  -          0  40  20  60
    """)


@pytest.mark.parametrize("seed", [1, 2])
def test_w3_cards_of_random_documents_are_a_shelf_filled_and_emptied_one_by_one(con: Connection, seed: int) -> None:
    everything = moves(random.Random(seed))
    put(con, everything)
    shelf: dict[str, int] = defaultdict(int)
    held: dict[tuple[str, str], int] = defaultdict(int)
    cards = views.read(con, "stock_card").to_dicts()
    for row in cards:
        assert min(row["in_units"], row["out_units"]) == 0
        change = row["in_units"] - row["out_units"]
        shelf[row["stock_line_id"]] += change
        held[row["store_code"], row["item_code"]] += change
        assert row["batch_units"] == shelf[row["stock_line_id"]]
        assert row["balance_units"] == held[row["store_code"], row["item_code"]]
    ends: dict[str, int] = defaultdict(int)
    for move in everything:
        ends[move.batch] += move.signed
    assert shelf == ends
    written = {(row["document_id"], row["kind"], row["in_units"] + row["out_units"]) for row in cards}
    kept = [move for move in everything if move.kind != "dispensed"]
    assert {(move.document, move.kind, move.units) for move in kept} <= written
    days = [(row["store_code"], row["item_code"], row["moved_date"]) for row in cards]
    assert days == sorted(days)
    assert all(row["document_id"] is None for row in cards if row["kind"] == "dispensed")
