"""Pages of what is stocked to plan, to order, to move, and of what was asked for: they say what the reports say."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dashboard.app import make_app
from dashboard.pages import orders
from sites.schema import SCHEMA
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, words
from tests.warehouse import golden
from tests.warehouse.test_analysts import asked_for
from warehouse.connection import open_warehouse
from warehouse.snapshots.publish import publish


@pytest.fixture(scope="module", params=[True, False], ids=["with a tracer list", "without"])
def asking(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]
) -> Iterator[TestClient]:
    """The golden network, where A asked B twice and B has salts, of 0.10, that A lacks; in packs of 40. A is not who
    supplies B."""
    folder = tmp_path_factory.mktemp("orders")
    with open_warehouse(new_warehouse(folder / "working.duckdb"), SCHEMA) as con:
        golden.fill(con)
        con.execute("insert into ledger.cycle values (1, ?, 1, 'rules', 0, true)", [golden.AS_OF_AT])
        con.execute("update replica.item set default_pack_size = 40 where id = 'R'")
        con.execute("update replica.invoice set other_name_id = 'hospital' where id = 'i2'")
        con.execute("update replica.invoice set other_name_id = 'supplier' where id = 'i9'")
        if request.param:
            con.execute("update ledger.network set tracer_items = ['P', 'T']")
        line = {"id": "r8", "store_id": "B", "item_id": "R", "pack_size": Decimal(10), "total_packs": Decimal(20)}
        golden.rows(con, "stock_line", [{**line, "available_packs": Decimal(20), "expiry_date": date(2028, 1, 1)}])
        asked_for(con)
        con.execute("reset variable as_of_at")
        publish(con, folder / "published", SCHEMA, now=golden.AS_OF_AT)
    with TestClient(make_app(folder / "published"), base_url="http://localhost") as made:
        made.has_tracer = request.param
        yield made


def test_w3_stores_by_band_with_the_share_and_what_it_is_of(asking: TestClient) -> None:
    text = asking.get("/bands").text
    rows = rows_of(text, "Stores by band of each item")
    shares = {row[0]: [row[1], *row[3:]] for row in rows}
    assert shares["Paracetamol"] == ["100 %", "0", "0", "2", "0", "2", "0", "0", "1"]
    assert (shares["Thermometer"][0], shares["Thermometer"][5]) == ("0 %", "1")
    if asking.has_tracer:
        assert sorted(shares) == ["Paracetamol", "Thermometer"]
        assert "66.7 % stocked according to plan: 2 of 3 pairs of store and item" in words(text)
        assert len(rows_of(asking.get("/bands?tracer=all").text, "Stores by band of each item")) == 5
    else:
        assert len(shares) == 5
        assert "No tracer list is named" in words(text)
        assert (shares["Syringe"][0], shares["Syringe"][5]) == ("unknown", "0")  # not 0 % (W4)
    of_b = {row[0]: row for row in rows_of(asking.get("/bands?tracer=all&store=B").text, "Stores by band")}
    assert of_b["Quinine"][1] == "0 %"
    assert of_b["Quinine"][6:8] == ["1", "1"]


def test_w3_what_to_order_and_what_stores_could_send_each_other(asking: TestClient) -> None:
    rows = {(row[0], row[1]): row for row in rows_of(asking.get("/reorder").text, "Items at stores")}
    assert rows["Thermometer", "Central store"][2] == "1,140"
    assert rows["Rehydration salts", "Central store"][2] == "120 3 × 40"
    assert all(row[2] != "0" for row in rows.values())
    unknown = rows_of(asking.get("/reorder?order=unknown").text, "Items at stores")
    assert {row[2] for row in unknown} == {"unknown"}
    [move] = rows_of(asking.get("/reorder/between").text, "What could be sent")
    assert move[:4] == ["Rehydration salts", "120", "Clinic", "Central store"]
    assert move[6] == "12.00"


def test_w3_what_was_asked_for_and_is_still_to_come(asking: TestClient) -> None:
    [row] = rows_of(asking.get("/orders").text, "Lines of requisitions")
    assert row[1:10] == ["Quinine", "40", "Central store", "Clinic", "40", "30", "0", "0", "Nothing yet"]
    assert len(rows_of(asking.get("/orders?due=all").text, "Lines of requisitions")) == 2
    text = asking.get("/stock/pair?item=Q&store=A").text
    [(link, figure)] = re.findall(r'On order</dt><dd><a href="([^"]*)">([\d,]+)</a>', text)
    assert [row[2] for row in rows_of(asking.get(html.unescape(link)).text, "Lines of requisitions")] == [figure]


def test_w3_how_much_is_supplied_and_how_long_it_takes(asking: TestClient) -> None:
    text = asking.get("/orders/fill").text
    [row] = rows_of(text, "By supplier and customer")
    assert row == ["Clinic", "Central store", "0 %", "Requisition", "1", "0", "1", "1", "0", "0 %", "1", "0"]
    assert "0 % of 1 lines in full" in words(text)
    [month] = rows_of(text, "By month in which")
    assert month[1:] == ["1", "0", "0 %", "1", "0"]
    assert "0 of 1, 1 still open" in text, "what the month's column is of"
    assert 'aria-current="true">Requisition' in text
    assert asking.get("/orders/fill?kind=all").status_code == 200
    assert rows_of(asking.get("/orders/fill?kind=purchase_order").text, "By supplier and customer") == []
    [item] = rows_of(text, "By item, the smallest share of units first")
    assert item == ["Quinine", "75 %", "40", "30", "1", "0", "0 %", "1", "0"]
    rows = rows_of(asking.get("/orders/lead?step=asked_to_answered").text, "By supplier, and by route")
    assert [row[1:8] for row in rows] == [
        ["Clinic", customer, "20", "20", "1", "1", "0"] for customer in ("all", "Central store")
    ]


def test_w3_of_two_stores_it_is_said_which_is_meant(asking: TestClient) -> None:
    """A region that supplies others has their orders, too."""
    for path in ("/orders", "/orders/fill", "/orders/lead"):
        assert "asked for it, or were asked" not in words(asking.get(path).text)
        text = words(asking.get(f"{path}?store=A").text)
        assert "The stores chosen asked for it, or were asked" in text
        assert "store: Central store" in text, "by its name, as in the menu"


def test_w3_how_much_is_supplied_of_some_items_is_of_lines(asking: TestClient) -> None:
    """An order is of other items, too: of some there is no order in full."""
    with_all = rows_of(asking.get("/orders/fill?kind=all").text, "By supplier and customer")
    text = asking.get("/orders/fill?kind=all&find=quin").text
    [row] = rows_of(text, "By supplier and customer")
    assert row == ["Clinic", "Central store", "0 %", "Requisition", "1", "0", "1", "1", "0"]
    assert [one[:7] for one in with_all if one[0] == "Clinic"] == [row[:7]]
    assert "orders in full" not in words(text)
    assert rows_of(asking.get("/orders/fill?item=P").text, "By supplier and customer") == []
    assert asking.get("/orders/fill?list=none").status_code == 400


def test_w3_losses_to_come_are_those_of_the_batches(asking: TestClient) -> None:
    text = asking.get("/expiry").text
    svg = text[text.index('<svg class="plot"') :]
    assert re.findall(r"<g><title>(.*?)</title>", svg[: svg.index("</svg>")]) == [
        "Apr 26: 5.61", "May 26: 41", "Jul 26: 0",
    ]  # fmt: skip


def test_w3_a_month_that_is_not_over_is_marked_with_what_is_open() -> None:
    """The chart and its table say so in words, not by a colour alone."""
    kinds = {"month": date(2026, 4, 1), "share": 14.2, "part": 1, "whole": 7, "open": 50}
    before = [{**kinds, "month": date(2026, 2, 1), "open": 0}, {**kinds, "month": date(2026, 3, 1)}]
    drawn = orders.share_chart(date(2026, 4, 5), [*before, {**kinds, "open": 0}], "T")
    assert re.findall(r"<g><title>(.*?)</title>", str(drawn)) == [
        "Feb 26: 14.2, 1 of 7", "Mar 26*: 14.2, 1 of 7, 50 still open", "Apr 26*: 14.2, 1 of 7"
    ]  # fmt: skip
    assert str(drawn).count('"f-todate"') == 2
