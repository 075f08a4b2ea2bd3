"""The rule of transfers by itself (section 8, X1, X2, X3, X6, X7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.frames import StoreName
from sync_rules.scopes import site_scopes
from sync_rules.topology.file import parse
from sync_rules.topology.frames import Parties, StoreRecord
from sync_rules.topology.instances import instances
from sync_rules.topology.placement import placement
from sync_rules.transfers.begins import initiating_halves
from sync_rules.transfers.kinds import KINDS, Papers
from sync_rules.transfers.messages import log_messages
from sync_rules.transfers.receipts import received_packs
from sync_rules.transfers.responds import respond, responding_ids
from sync_rules.transfers.waits import wait_code

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
STORES = StoreName.of([("A", "nA"), ("B", "nB"), ("C", "nC")])
TABLES = ("invoice", "requisition", "purchase_order", "goods_received")


def papers(**rows: list[dict[str, Any]]) -> Papers:
    """Frames of all document and line tables, from the columns that matter."""
    names = [*TABLES, *(f"{table}_line" for table in TABLES), "currency"]
    return {table: frame(table, rows.get(table, [])) for table in names}


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = SCHEMA.frame_schema(table)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def begun(**rows: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    found = initiating_halves(papers(**rows), STORES)
    return found.select("record_id", "kind", "from_store", "to_store").rows()


ISSUE = {
    "id": "i",
    "store_id": "A",
    "other_name_id": "nB",
    "type": "customer_invoice",
    "status": "finalised",
    "number": 17,
}
REQUEST = {"id": "r", "store_id": "A", "other_name_id": "nB", "type": "request", "status": "finalised", "number": 5}
ORDER = {"id": "o", "store_id": "A", "other_name_id": "nB", "status": "confirmed", "number": 8}
SUPPLY = {**ISSUE, "store_id": "B", "other_name_id": "nA", "purchase_order_id": "o"}


@pytest.mark.parametrize(
    ("table", "row", "kind"),
    [
        ("invoice", ISSUE, "stock_transfer"),
        ("invoice", {**ISSUE, "type": "supplier_credit"}, "stock_return"),
        ("requisition", REQUEST, "requisition"),
        ("purchase_order", ORDER, "internal_order"),
        ("purchase_order", {**ORDER, "status": "finalised"}, "internal_order"),  # at that state or past it (B30)
    ],
)
def test_x2_what_begins_a_transfer(table: str, row: dict[str, Any], kind: str) -> None:
    assert begun(**{table: [row]}) == [(row["id"], kind, "A", "B")]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("invoice", {**ISSUE, "status": "confirmed"}),
        ("invoice", {**ISSUE, "status": None}),
        ("invoice", {**ISSUE, "type": "supplier_invoice"}),
        ("invoice", {**ISSUE, "type": "customer_credit"}),
        ("invoice", {**ISSUE, "other_name_id": "a ward"}),
        ("invoice", {**ISSUE, "other_name_id": None}),
        ("invoice", {**ISSUE, "other_name_id": "nA"}),  # its own store
        ("requisition", {**REQUEST, "status": "new"}),
        ("requisition", {**REQUEST, "type": "response"}),
        ("requisition", {**REQUEST, "type": "stock_history"}),
        ("purchase_order", {**ORDER, "status": "new"}),
        ("goods_received", {"id": "g", "store_id": "A", "other_name_id": "nB", "status": "finalised"}),
    ],
)
def test_x2_what_does_not(table: str, row: dict[str, Any]) -> None:
    assert begun(**{table: [row]}) == []


def test_x2_an_invoice_for_an_order_of_the_other_store_is_the_second_stage_and_nothing_else() -> None:
    order = {**ORDER, "status": "new"}
    assert begun(invoice=[SUPPLY], purchase_order=[order]) == [("i", "internal_order_goods", "B", "A")]
    assert begun(invoice=[SUPPLY]) == [("i", "stock_transfer", "B", "A")]  # the order is gone
    assert begun(invoice=[SUPPLY], purchase_order=[{**order, "store_id": "C"}]) == [("i", "stock_transfer", "B", "A")]


def test_x2_of_two_stores_with_one_name_the_first_is_meant() -> None:
    stores = StoreName.of([("Z", "nB"), ("B", "nB")])
    assert initiating_halves(papers(invoice=[ISSUE]), stores)["to_store"].to_list() == ["B"]


def test_x2_ids_are_derived_from_the_kind_and_the_initiating_half() -> None:
    one = initiating_halves(papers(invoice=[ISSUE], requisition=[{**REQUEST, "id": "i"}]), STORES)
    ids = responding_ids(one)
    assert ids.to_list() == responding_ids(one).to_list()
    assert ids.n_unique() == 2


def made(*stores: str, **rows: list[dict[str, Any]]) -> Mapping[str, list[dict[str, Any]]]:
    found = papers(**rows)
    begun = initiating_halves(found, STORES)
    halves = begun.with_columns(responding_ids(begun))
    return {table: rows.to_dicts() for table, rows in respond(halves, found, STORES, SCHEMA, NOW).items()}


@pytest.mark.parametrize(
    ("more", "reference"),
    [
        ({"their_reference": "PO 4"}, "from invoice 17 (PO 4)"),
        ({"their_reference": "  "}, "from invoice 17"),
        ({}, "from invoice 17"),
        ({"number": None}, "from invoice"),
        ({"number": -1, "their_reference": "x"}, "from invoice (x)"),
        ({"their_reference": "x" * 2**20}, f"from invoice 17 ({'x' * 250}...)"),  # a text holds 1 MiB at most (B9)
    ],
)
def test_section_8_the_reference_says_where_a_half_comes_from(more: dict[str, Any], reference: str) -> None:
    (half,) = made(invoice=[{**ISSUE, **more}])["invoice"]
    assert half["their_reference"] == reference


def test_section_8_a_half_is_whole_and_says_nothing_that_is_not_its_own() -> None:
    line = {"id": "l", "invoice_id": "i", "item_id": "x", "pack_size": Decimal(10), "packs": Decimal(3)}
    halves = made(invoice=[ISSUE], invoice_line=[{**line, "stock_line_id": "s", "location_id": "s", "batch": "b"}])
    ((header,), (copied,)) = halves["invoice"], halves["invoice_line"]
    assert set(header) == set(SCHEMA.frame_schema("invoice"))
    given = {name for name, value in header.items() if value is not None}
    assert given == {"id", "store_id", "other_name_id", "type", "status", "number", "on_hold", "linked_invoice_id",
                     "created_at", "their_reference"}  # fmt: skip
    assert (header["number"], header["on_hold"], header["created_at"]) == (-1, True, NOW)
    assert copied["invoice_id"] == header["id"]
    assert (copied["stock_line_id"], copied["location_id"], copied["batch"]) == (None, None, "b")


def test_section_8_a_return_costs_what_the_goods_cost() -> None:
    """Not what the store that sends them back would have sold them for."""
    prices = {"cost_price_per_pack": Decimal(125), "sell_price_per_pack": Decimal(180)}
    line = {"id": "l", "invoice_id": "i", **prices}
    for kind, price in (("customer_invoice", 180), ("supplier_credit", 125)):
        (copied,) = made(invoice=[{**ISSUE, "type": kind}], invoice_line=[line])["invoice_line"]
        assert (copied["cost_price_per_pack"], copied["sell_price_per_pack"]) == (price, price)


def test_section_8_no_price_is_copied_without_its_currency() -> None:
    line = {"id": "l", "purchase_order_id": "o", "price_per_pack": Decimal("84.60")}
    home = {"id": "nzd", "is_home_currency": True}
    for money, price in ((None, Decimal("84.60")), ("nzd", Decimal("84.60")), ("usd", None), ("unknown", None)):
        (copied,) = made(purchase_order=[{**ORDER, "currency_id": money}], purchase_order_line=[line],
                         currency=[home, {"id": "usd", "rate": Decimal("2.5")}])["invoice_line"]  # fmt: skip
        assert copied["sell_price_per_pack"] == price


def test_section_8_lines_of_goods_are_tied_to_the_lines_of_the_order() -> None:
    """By what they name, else by their item, where one line of the order alone has it."""

    def line(name: str, item: str, of: str | None = None) -> dict[str, Any]:
        return {"id": name, "invoice_id": "i", "item_id": item, "purchase_order_line_id": of}

    ordered = [{"id": f"o{n}", "purchase_order_id": "o", "item_id": item} for n, item in enumerate("xyy")]
    lines = [line("a", "x", "o0"), line("b", "x"), line("c", "y"), line("d", "z")]
    found = made(invoice=[SUPPLY], purchase_order=[{**ORDER, "status": "new"}], invoice_line=lines,
                 purchase_order_line=ordered)["goods_received_line"]  # fmt: skip
    tied = {row["linked_line_id"]: row["purchase_order_line_id"] for row in found}
    assert tied == {"a": "o0", "b": "o0", "c": None, "d": None}


def test_section_8_an_issue_for_a_response_arrives_for_the_request() -> None:
    response = {**REQUEST, "id": "answer", "type": "response", "linked_requisition_id": "r"}
    (half,) = made(invoice=[{**ISSUE, "requisition_id": "answer"}], requisition=[response])["invoice"]
    assert half["requisition_id"] == "r"


def test_x3_received_quantities_are_in_packs_of_the_order() -> None:
    orders = pl.DataFrame({"id": ["a", "b", "c"], "pack_size": [Decimal(50), Decimal(3), Decimal(0)]})
    goods = pl.DataFrame(
        {
            "purchase_order_line_id": ["a", "a", "b", None, "c"],
            "pack_size": [Decimal(100), Decimal(50), Decimal(10), Decimal(1), Decimal(10)],
            "packs": [Decimal(4), Decimal(1), Decimal(1), Decimal(1), None],
        }
    )
    assert received_packs(orders, goods).rows() == [("a", Decimal(9)), ("b", Decimal("3.333333")), ("c", Decimal(0))]


FACTS = {
    "begun_at": NOW, "is_snapshot": False, "is_disabled": False, "from_site": 2, "to_site": 3, "initiating_site": 2,
    "is_contacted": True, "is_taken": False, "is_missing": False, "is_history": False, "is_unsettled": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, None),
        ({"is_snapshot": True}, None),
        ({"is_snapshot": True, "begun_at": datetime(2026, 8, 24, 9, 0, tzinfo=UTC)}, None),
        ({"is_snapshot": True, "begun_at": datetime(2026, 8, 24, 8, 59, tzinfo=UTC)}, "too_old_to_begin"),
        ({"is_snapshot": True, "begun_at": None}, "too_old_to_begin"),
        ({"begun_at": datetime(2001, 1, 1, tzinfo=UTC)}, None),  # it came by the log (B30)
        ({"is_disabled": True}, "store_disabled"),
        ({"to_site": None}, "store_not_placed"),
        ({"from_site": None}, "store_not_placed"),
        ({"to_site": 2}, "at_its_site"),  # X1
        ({"to_site": 2, "initiating_site": 1}, None),  # an order of primary: the site cannot link it (X4)
        ({"is_contacted": False}, "site_not_contacted"),
        ({"is_taken": True}, "id_taken"),
        ({"is_missing": True, "is_contacted": False}, "half_missing"),
        ({"is_missing": True, "is_snapshot": True, "begun_at": None}, "too_old_to_begin"),
        ({"is_history": True, "is_missing": True, "to_site": None}, "party_was_no_store"),  # B60
    ],
)
def test_x6_x1_what_a_transfer_waits_for(facts: dict[str, Any], code: str | None) -> None:
    columns = {"begun_at": pl.Datetime("us", "UTC"), "from_site": pl.Int64(), "to_site": pl.Int64()}
    one = pl.DataFrame([{**FACTS, **facts}], schema_overrides=columns)
    assert one.select(wait_code(NOW, 3)).item() == code


def test_section_8_each_initiating_half_has_one_message() -> None:
    halves = pl.DataFrame(
        [(kind.name, f"{n}", "B", "nA", n + 1) for n, kind in enumerate(KINDS)],
        schema=["kind", "record_id", "to_store", "from_name", "number"],
        orient="row",
    )
    halves = halves.with_columns(responding_ids(halves))
    rows = log_messages(halves, SCHEMA, NOW)
    assert rows["id"].n_unique() == len(KINDS)
    assert set(rows["message"]) == {
        "invoice arrived; here it is supplier invoice 1",
        "return arrived; here it is customer credit 2",
        "requisition arrived; here it is response 3",
        "purchase order arrived; here it is customer invoice 4",
        "invoice arrived; here it is goods received 5",
    }


TOPOLOGY = """
[network]
central = "central"
[[site]]
id = 1
code = "central"
database = "sqlite:///c"
[[site]]
id = 2
code = "two"
database = "sqlite:///2"
[[site]]
id = 3
code = "three"
database = "sqlite:///3"
[[store]]
code = "A"
active_on = "two"
[[store]]
code = "B"
active_on = "three"
"""


@pytest.mark.parametrize("where", ["three", "central"])
def test_x7_a_transfer_brings_each_store_to_the_site_of_the_other_wherever_that_moves(where: str) -> None:
    """Halves go to the sites where the stores are active now: a store that moves between them takes both along."""
    topology = parse(TOPOLOGY.replace('active_on = "three"', f'active_on = "{where}"'))
    stores = StoreRecord.of([("A", "A", "nA", "store", None), ("B", "B", "nB", "store", None)])
    placed = placement(topology, stores)
    nobody = StoreName.empty()
    tied = Parties.of([("A", "B"), ("B", "A")])
    without, network = instances(topology, placed, nobody), instances(topology, placed, nobody, tied)
    site = topology.site(where).id
    assert (2, "B", "transfer") not in without.rows()
    assert (2, "B", "transfer") in network.rows()
    assert (site, "A", "transfer" if where == "three" else "collector") in network.rows()
    subscribed = site_scopes(topology, placed, network)
    assert set(subscribed.filter(pl.col("scope") == "active:B")["site_id"]) == {site}
    assert set(subscribed.filter(pl.col("scope") == "instance:B")["site_id"]) == {1, 2, site}
