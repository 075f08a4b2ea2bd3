"""Goods that customers return are no consumption; what a store sends back to its supplier never was (B20, B41)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network, with goods that came back to A."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        back(opened, "from B", "A", "store-B", "customer_credit", "2026-02-27T00:00", "30")
        back(opened, "from the hospital", "A", "hospital", "customer_credit", "2026-03-20T00:00", "50")
        back(opened, "sent back", "A", "supplier", "supplier_credit", "2026-03-21T00:00", "7")
        back(opened, "much", "A", "hospital", "customer_credit", "2026-01-31T00:00", "200")
        back(opened, "today", "A", "hospital", "customer_credit", "2026-04-14T00:00", "4", status="confirmed")
        yield opened


def back(con: Connection, key: str, store: str, whom: str, kind: str, at: str, units: str, *, status: str = "") -> None:
    """P that came or went back, on a document of this kind."""
    header = {"id": key, "store_id": store, "other_name_id": whom, "type": kind, "status": status or "finalised"}
    golden.rows(con, "invoice", [{**header, "finalised_at": golden.moment(at)}])
    line = {"id": key, "invoice_id": key, "item_id": "P", "pack_size": Decimal(1), "packs": Decimal(units)}
    golden.rows(con, "invoice_line", [line])


def test_b20_what_came_back_is_taken_off_in_its_month_and_no_month_is_below_zero(con: Connection) -> None:
    columns = "month dispensed_units issued_units returned_units usage_units"
    assert shown(con, "item_usage_monthly", columns, store="A", item="P") == by_hand("""
        2025-12-01   0   0   0   0
        2026-01-01 124   0 200   0   # more came back than went out: issued in another month
        2026-02-01 100 100  30 170
        2026-03-01  76 200  50 226   # what went back to the supplier is no use
        2026-04-01  24   0   0  24   # the one of today is not finalised
    """)


def test_b20_consumption_is_what_the_months_of_its_window_used(con: Connection) -> None:
    assert shown(con, "amc", "consumed_units returned_units amc_units", store="A", item="P") == by_hand("""
        396 280 132   # 0 + 170 + 226, by 3
    """)


def test_b41_the_system_takes_off_what_customers_returned_that_are_no_stores(con: Connection) -> None:
    columns = "month dispensed_units issued_units returned_units usage_units"
    assert shown(con, "system_usage_monthly", columns, item="P")[3:] == by_hand("""
        2026-01-01 124   0 200   0
        2026-02-01 130   0   0 130   # the 30 that B returned were never counted as used
        2026-03-01 115 200  50 265
        2026-04-01  24   0   0  24
    """)


def test_b20_what_came_back_explains_the_stock(con: Connection) -> None:
    """30 + 50 + 200 less 7 came to A, and its books do not have them."""
    doubts = shown(con, "data_quality", "store_code item_code issue units")
    assert ["A", "P", "balance_not_explained", "-273"] in doubts
