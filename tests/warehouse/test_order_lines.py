"""What was asked for and what became of it: lines, fill rates, lead times, by hand and against counting by line."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.warehouse.test_reports import network, report, rows
from tests.warehouse.test_reports_transfers import NOW, begun, invoice, invoice_lines
from warehouse.connection import Connection

BEGAN = NOW - timedelta(days=9.5)


def asked(con: Connection, key: str, *lines: tuple[str, str, str | None], status: str = "new", **given: Any) -> None:
    """B asks A: lines of (item, units, units that A agreed to); ``status`` of A's response."""
    head = {"store_id": "B", "other_name_id": "nA", "type": "request", "status": "finalised", "number": 3}
    rows(con, "requisition", {**head, "id": key, "finalised_at": BEGAN, "linked_requisition_id": f"{key}-r", **given})
    answer = {"store_id": "A", "other_name_id": "nB", "type": "response", "status": status, "number": 8}
    rows(con, "requisition", {**answer, "id": f"{key}-r", "finalised_at": NOW if status == "finalised" else None})
    for number, (item, units, agreed) in enumerate(lines):
        line = {"id": f"{key}-{number}", "requisition_id": key, "item_id": item, "requested_units": Decimal(units)}
        rows(con, "requisition_line", line)
        supplied = None if agreed is None else Decimal(agreed)
        back = {**line, "id": f"{key}-r{number}", "requisition_id": f"{key}-r", "supplied_units": supplied}
        rows(con, "requisition_line", {**back, "linked_line_id": line["id"]})
    begun(con, "requisition", key, "B A", f"{key}-r", begun_at=BEGAN)


def supplied(con: Connection, key: str, answers: str, *lines: tuple[str, str], status: str = "finalised") -> None:
    """An invoice of A for a response: lines of (item, packs of ten)."""
    given = {"store_id": "A", "type": "customer_invoice", "requisition_id": answers, "status": status}
    invoice(con, key, **given, other_name_id="nB", finalised_at=NOW - timedelta(days=4))
    invoice_lines(con, key, *((item, "10", packs, "1") for item, packs in lines))


def received(con: Connection, key: str, answers: str, days: float, *lines: tuple[str, str]) -> None:
    """B's invoice of what came for its request, so many days ago."""
    given = {"store_id": "B", "type": "supplier_invoice", "requisition_id": answers, "other_name_id": "nA"}
    invoice(con, key, **given, finalised_at=NOW - timedelta(days=days))
    invoice_lines(con, key, *((item, "10", packs, "1") for item, packs in lines))


def figures(con: Connection, columns: str) -> list[list[Any]]:
    return [[row[name] for name in columns.split()] for row in report(con, "order_lines")]


def test_w3_a_request_that_is_supplied_in_two_parts_says_what_is_still_to_come(con: Connection) -> None:
    """150 units asked for, 60 of X sent in two shipments of which one has come: 90 are outstanding."""
    network(con)
    asked(con, "q", ("X", "100", "60"), ("Y", "50", "0"))
    supplied(con, "s1", "q-r", ("X", "4"))
    supplied(con, "s2", "q-r", ("X", "2"))
    supplied(con, "s3", "q-r", ("Y", "5"), status="confirmed")  # being packed: not sent
    received(con, "in", "q", 1, ("X", "4"))
    columns = "item_code asked_units agreed_units sent_units received_units outstanding_units state days_open"
    assert figures(con, columns) == [["X", 100, 60, 60, 40, 40, "partly", 9], ["Y", 50, 0, 0, 0, 50, "asked", 9]]
    assert (
        figures(con, "kind customer_code supplier_code number order_id response_id filled_units")
        == [["requisition", "B", "A", 3, "q", "q-r", None]] * 2
    )
    stock = {(row["store_code"], row["item_code"]): row["on_order_units"] for row in report(con, "stock_on_hand")}
    assert {pair: units for pair, units in stock.items() if units} == {}  # B does not stock either yet
    rows(con, "item_store_join", {"id": "BX", "item_id": "X", "store_id": "B"})
    stock = {(row["store_code"], row["item_code"]): row["on_order_units"] for row in report(con, "stock_on_hand")}
    assert stock["B", "X"] == 40


def test_w3_what_is_closed_is_not_outstanding_and_tells_how_much_was_filled(con: Connection) -> None:
    """By what was sent where invoices name the response; else by what the supplier agreed to; never more than asked."""
    network(con)
    asked(con, "q1", ("X", "100", None), ("Y", "20", None), ("Z", "10", None), status="finalised")
    supplied(con, "s1", "q1-r", ("X", "9"), ("Y", "3"))
    asked(con, "q2", ("X", "100", "70"), ("Y", "5", None), status="finalised")
    columns = "order_id item_code sent_units outstanding_units state filled_units filled_basis"
    assert figures(con, columns) == [
        ["q1", "X", 90, 0, "closed", 90, "sent"],
        ["q1", "Y", 30, 0, "closed", 20, "sent"],
        ["q1", "Z", 0, 0, "closed", 0, "sent"],
        ["q2", "X", None, 0, "closed", 70, "agreed"],
        ["q2", "Y", None, 0, "closed", None, None],
    ]
    [row] = report(con, "order_fill_monthly")
    assert (row["lines"], row["lines_in_full"], row["lines_in_part"], row["lines_unknown"]) == (4, 1, 2, 1)
    assert (row["orders"], row["orders_in_full"], row["pct_orders_in_full"]) == (1, 0, 0)  # of q2 not all is known
    assert (row["asked_units"], row["filled_units"], row["pct_lines_in_full"]) == (230, 180, 25)
    assert row["pct_units"] == pytest.approx(100 * 180 / 230)


def test_w3_how_much_was_filled_by_item_is_of_the_same_lines(con: Connection) -> None:
    """X: 90 of 100, 70 of 100, 50 of 50. Y: 20 of 20 (30 sent), and one of which nothing says. Z: 0 of 10, one open."""
    network(con)
    asked(con, "q1", ("X", "100", None), ("Y", "20", None), ("Z", "10", None), status="finalised")
    supplied(con, "s1", "q1-r", ("X", "9"), ("Y", "3"))
    asked(con, "q2", ("X", "100", "70"), ("Y", "5", None), ("X", "50", "50"), status="finalised")
    asked(con, "q3", ("Z", "30", None))
    columns = "item_code item_name kind supplier_code customer_code lines lines_in_full lines_in_part asked_units"
    columns += " filled_units lines_unknown lines_open"
    found = report(con, "item_fill_monthly")
    assert [[row[name] for name in columns.split()] for row in found] == [
        ["X", "Item X", "requisition", "A", "B", 3, 1, 2, 250, 210, 0, 0],
        ["Y", "Item Y", "requisition", "A", "B", 1, 1, 0, 20, 20, 1, 0],
        ["Z", "Item Z", "requisition", "A", "B", 1, 0, 0, 10, 0, 0, 1],
    ]
    assert [(row["pct_units"], row["pct_lines_in_full"]) for row in found] == [
        (84, pytest.approx(100 / 3)), (100, 100), (0, 0),
    ]  # fmt: skip
    [whole] = report(con, "order_fill_monthly")
    for name in (
        "lines",
        "lines_in_full",
        "lines_in_part",
        "asked_units",
        "filled_units",
        "lines_unknown",
        "lines_open",
    ):
        assert sum(row[name] for row in found) == whole[name], name
    assert report(con, "item_fill_monthly", item="Y", store="B") == [found[1]]


def test_w3_lines_are_found_by_either_store(con: Connection) -> None:
    network(con)
    asked(con, "q", ("X", "30", None))
    for name in ("order_lines", "order_fill_monthly"):
        assert report(con, name, store="A") == report(con, name, store="B") != []
    assert [row["customer_code"] for row in report(con, "lead_times", store="A")] == [None, "B"] * 2
    assert [row["customer_code"] for row in report(con, "lead_times", store="B")] == ["B"] * 2
    assert report(con, "order_lines", store="A", item="Y") == []


def test_w3_two_lines_of_one_item_share_what_was_sent(con: Connection) -> None:
    network(con)
    asked(con, "q", ("X", "30", None), ("X", "50", None), ("X", "10", None))
    supplied(con, "s", "q-r", ("X", "6"))
    assert figures(con, "line_id sent_units outstanding_units") == [["q-0", 30, 0], ["q-1", 30, 20], ["q-2", 0, 10]]


def test_w3_a_request_to_one_that_is_no_store_is_unknown_and_no_pack_size_is_not_zero(con: Connection) -> None:
    network(con)
    rows(con, "name", {"id": "nZ", "name": "Ministry"})
    head = {"id": "q", "store_id": "B", "other_name_id": "nZ", "type": "request", "status": "finalised"}
    rows(con, "requisition", {**head, "finalised_at": BEGAN})
    rows(con, "requisition_line", {"id": "l", "requisition_id": "q", "item_id": "X", "requested_units": Decimal(5)})
    asked(con, "p", ("Y", "40", None))
    supplied(con, "s", "p-r", ("Y", "1"))
    con.execute("update replica.invoice_line set pack_size = null")
    assert figures(con, "order_id supplier_name sent_units outstanding_units state is_open") == [
        ["p", "Store A", None, None, "asked", True],
        ["q", "Ministry", None, None, "unknown", None],
    ]


def test_w3_orders_to_suppliers_go_by_what_was_received_and_orders_to_stores_by_what_was_sent(con: Connection) -> None:
    network(con)
    rows(con, "name", {"id": "nZ", "name": "Supplier"})
    for key, whom, status in (("o1", "nZ", "confirmed"), ("o2", "nZ", "finalised"), ("o3", "nA", "confirmed"),
                              ("o4", "nZ", "new")):  # fmt: skip
        head = {"id": key, "store_id": "B", "other_name_id": whom, "status": status, "number": 5}
        rows(con, "purchase_order", {**head, "confirmed_at": BEGAN})
        line = {"id": f"{key}l", "purchase_order_id": key, "item_id": "X", "pack_size": Decimal(10)}
        rows(con, "purchase_order_line", {**line, "ordered_packs": Decimal(8), "received_packs": Decimal("2.5")})
    begun(con, "internal_order", "o3", "B A", "i3")
    given = {"store_id": "A", "type": "customer_invoice", "purchase_order_id": "o3", "other_name_id": "nB"}
    invoice(con, "i3", **given, status="new")
    invoice(con, "i4", **given)  # a part of it, sent before the rest
    invoice_lines(con, "i4", ("X", "10", "3", "1"))
    con.execute("update replica.invoice_line set purchase_order_line_id = 'o3l' where invoice_id = 'i4'")
    columns = "order_id asked_units sent_units received_units outstanding_units state filled_units filled_basis"
    assert figures(con, columns) == [
        ["o1", 80, None, 25, 55, "partly", None, None],
        ["o3", 80, 30, 25, 50, "partly", None, None],
        ["o2", 80, None, 25, 0, "closed", 25, "received"],
    ]


def test_w3_an_order_that_only_the_supplier_wrote_down_counts_and_a_draft_does_not(con: Connection) -> None:
    network(con)
    rows(con, "name", {"id": "nZ", "name": "Clinic without a computer"})
    head = {"store_id": "A", "type": "response", "status": "new", "created_at": BEGAN}
    rows(con, "requisition", {**head, "id": "r", "other_name_id": "nZ"}, {**head, "id": "r2", "other_name_id": "nB"})
    rows(con, "requisition", {"id": "draft", "store_id": "B", "type": "request", "status": "new"})
    for key in ("r", "r2", "draft"):
        line = {"id": f"{key}l", "requisition_id": key, "item_id": "X", "requested_units": Decimal(5)}
        rows(con, "requisition_line", {**line, "supplied_units": Decimal(3)})
    columns = "order_id customer_code customer_name agreed_units sent_units received_units outstanding_units"
    assert figures(con, columns) == [
        ["r", None, "Clinic without a computer", 3, 0, None, 5],
        ["r2", "B", "Store B", 3, 0, None, 5],
    ]


def test_w3_lead_times_by_route_and_supplier_and_what_takes_longer(con: Connection) -> None:
    """Whole days from the request to what came for it: 1 to 9, and one that came before it was asked for."""
    network(con)
    for number in range(1, 10):
        asked(con, f"q{number}", ("X", "10", None), status="finalised")
        received(con, f"in{number}", f"q{number}", 9.5 - number - 0.2, ("X", "1"))
    asked(con, "q10", ("X", "10", None), status="finalised", finalised_at=NOW)
    received(con, "in10", "q10", 5, ("X", "1"))
    asked(con, "open", ("X", "10", None), finalised_at=NOW - timedelta(days=30))
    found = [row for row in report(con, "lead_times") if row["step"] == "asked_to_received"]
    assert [(row["supplier_code"], row["customer_code"], row["is_route"]) for row in found] == [
        ("A", None, False), ("A", "B", True),
    ]  # fmt: skip
    for row in found:
        assert (row["deliveries"], row["without_days"]) == (9, 1)
        assert (row["median_days"], row["p90_days"]) == (5, 9)
        assert (row["under_way"], row["overdue"]) == (1, 1)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_w3_random_orders_are_what_counting_line_by_line_gives(con: Connection, seed: int) -> None:
    network(con)
    dice = random.Random(seed)
    expected: dict[str, tuple[Any, ...]] = {}
    fill = [0, 0, 0, 0]
    for number in range(25):
        key, is_closed = f"q{number:02}", dice.random() < 0.5
        lines = [(item, dice.randint(1, 9) * 10, dice.choice([None, 20, 90])) for item in dice.sample("XYZ", 2)]
        asked(con, key, *((item, str(units), None if agreed is None else str(agreed)) for item, units, agreed in lines),
              status="finalised" if is_closed else "new")  # fmt: skip
        parts = [[(item, dice.randint(0, 5)) for item, _, _ in lines] for _ in range(dice.choice([0, 0, 1, 2]))]
        for part, given in enumerate(parts):
            supplied(con, f"{key}s{part}", f"{key}-r", *((item, str(packs)) for item, packs in given))
        for place, (item, units, agreed) in enumerate(lines):
            sent = sum(10 * packs for part in parts for name, packs in part if name == item)
            is_told = bool(parts) or not is_closed
            filled = min(units, sent) if parts else agreed and min(units, agreed)
            outstanding = 0 if is_closed else max(0, units - sent)
            expected[f"{key}-{place}"] = (sent if is_told else None, outstanding, filled if is_closed else None)
            if is_closed and filled is not None:
                fill = [one + more for one, more in zip(fill, (1, filled >= units, units, filled), strict=True)]
    found = report(con, "order_lines")
    assert {row["line_id"]: (row["sent_units"], row["outstanding_units"], row["filled_units"]) for row in found} == (
        expected
    )
    [row] = report(con, "order_fill_monthly")
    names = ("lines", "lines_in_full", "asked_units", "filled_units")
    assert [row[name] for name in names] == fill
    by_item = report(con, "item_fill_monthly")
    assert [sum(one[name] for one in by_item) for name in names] == fill
