"""Each kind of transfer between stores on two sites, whole, over real databases (section 8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.central.clinics import Clinics
from tests.central.dealing import (
    agreed,
    invoice,
    invoice_line,
    order,
    order_line,
    record,
    request,
    request_line,
    responding_halves,
    responding_id,
    transfers,
)

BOTH = {"north", "south", "warehouse"}


def lines_of(clinics: Clinics, site: str, table: str, document: str, columns: str) -> list[tuple[object, ...]]:
    parent = table.removesuffix("_line")
    return clinics.rows(site, table, columns, f"{parent}_id = '{document}'")


def test_x2_a_finalised_customer_invoice_to_a_store_becomes_a_supplier_invoice_there(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "SDS", their_reference="PO 4", comment="Fragile"))
    clinics.people_put(
        "north",
        "invoice_line",
        invoice_line("a", "issue", 5, batch="B1", expiry_date="2027-03-31", stock_line_id="s1", location_id="l1"),
        invoice_line("b", "issue", 2, item_id="paracetamol"),
    )
    clinics.cycle()
    made = responding_id(clinics, "issue")
    header = record(clinics, "south", "invoice", made)
    assert header is not None
    assert {name: header[name] for name in ("store_id", "other_name_id", "type", "status", "on_hold")} == {
        "store_id": "SDS",
        "other_name_id": "name-NTH",
        "type": "supplier_invoice",
        "status": "new",
        "on_hold": True,
    }
    assert (header["linked_invoice_id"], header["their_reference"]) == ("issue", "from invoice 17 (PO 4)")
    assert (header["comment"], header["finalised_at"], header["confirmed_at"]) == ("Fragile", None, None)
    (first,) = clinics.rows("south", "invoice_line", "id", f"invoice_id = '{made}' and linked_line_id = 'a'")
    line = record(clinics, "south", "invoice_line", str(first[0]))
    assert line is not None
    assert (line["item_id"], line["batch"], line["expiry_date"]) == ("amoxicillin", "B1", date(2027, 3, 31))
    assert (line["packs"], line["pack_size"]) == (5, 100)
    assert (line["cost_price_per_pack"], line["sell_price_per_pack"]) == (Decimal("2.5"), Decimal("2.5"))
    assert (line["stock_line_id"], line["location_id"]) == (None, None)
    assert len(lines_of(clinics, "south", "invoice_line", made, "id")) == 2
    # the link both ways, the next number of the store, and a message: all of it on both sites after the next cycle
    clinics.cycle()
    assert agreed(clinics, "invoice", "issue") == BOTH
    assert agreed(clinics, "invoice", made) == BOTH
    assert record(clinics, "north", "invoice", "issue")["linked_invoice_id"] == made  # type: ignore[index]
    assert record(clinics, "north", "invoice", made)["number"] == 1  # type: ignore[index]
    for line_id in ("a", "b", str(first[0])):
        assert agreed(clinics, "invoice_line", line_id) == BOTH
    ((message,),) = clinics.rows("north", "transfer_log", "id", "invoice_id = 'issue'")
    assert agreed(clinics, "transfer_log", message) == BOTH
    assert record(clinics, "north", "transfer_log", message)["message"] == (  # type: ignore[index]
        "invoice arrived; here it is supplier invoice 1"
    )
    assert transfers(clinics) == [("issue", "stock_transfer", None, "central")]


def test_x2_a_finalised_request_becomes_a_response_and_what_is_issued_for_it_comes_back(
    either_clinics: Clinics,
) -> None:
    clinics = either_clinics
    clinics.people_put("north", "requisition", request("ask", "NDS", "SDS", comment="urgent"))
    clinics.people_put("north", "requisition_line", request_line("ask-1", "ask"))
    clinics.cycle()
    response = responding_id(clinics, "ask")
    header = record(clinics, "south", "requisition", response)
    assert header is not None
    assert (header["store_id"], header["other_name_id"], header["type"]) == ("SDS", "name-NDS", "response")
    assert (header["status"], header["linked_requisition_id"]) == ("new", "ask")
    assert header["comment"] == "from requisition 5 (urgent)"
    ((line, units, stock),) = lines_of(
        clinics, "south", "requisition_line", response, "linked_line_id, requested_units, stock_on_hand_units"
    )
    assert (line, int(str(units).split(".")[0]), int(str(stock).split(".")[0])) == ("ask-1", 300, 20)
    clinics.cycle()
    assert agreed(clinics, "requisition", response) == BOTH
    assert record(clinics, "north", "requisition", "ask")["linked_requisition_id"] == response  # type: ignore[index]
    assert record(clinics, "north", "requisition", response)["number"] == 1  # type: ignore[index]
    assert clinics.rows("north", "transfer_log", "message", "requisition_id = 'ask'") == [
        ("requisition arrived; here it is response 1",)
    ]
    # people at the other store answer with an invoice
    clinics.people_put("south", "invoice", invoice("answer", "SDS", "NDS", requisition_id=response))
    clinics.people_put("south", "invoice_line", invoice_line("answer-1", "answer", 3))
    clinics.cycle()
    clinics.cycle()
    arrived = record(clinics, "north", "invoice", responding_id(clinics, "answer"))
    assert arrived is not None
    assert (arrived["store_id"], arrived["type"], arrived["requisition_id"]) == ("NDS", "supplier_invoice", "ask")


def test_x2_x3_an_internal_order_in_both_stages(either_clinics: Clinics) -> None:
    """Without centralised procurement: the ordering site updates what was received."""
    clinics = either_clinics
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS", their_reference="tender 9"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.cycle()
    clinics.cycle()
    issue = responding_id(clinics, "buy")
    header = record(clinics, "south", "invoice", issue)
    assert header is not None
    assert (header["store_id"], header["type"], header["status"]) == ("SDS", "customer_invoice", "new")
    assert (header["purchase_order_id"], header["linked_invoice_id"], header["number"]) == ("buy", None, 1)
    assert header["their_reference"] == "from purchase order 8 (tender 9)"
    ((ordered, packs),) = lines_of(
        clinics, "south", "invoice_line", issue, "purchase_order_line_id, cast(packs as int)"
    )
    assert (ordered, packs) == ("buy-1", 10)
    assert record(clinics, "north", "purchase_order", "buy")["linked_invoice_id"] == issue  # type: ignore[index]
    assert clinics.rows("north", "transfer_log", "message", "purchase_order_id = 'buy'") == [
        ("purchase order arrived; here it is customer invoice 1",)
    ]
    assert agreed(clinics, "purchase_order", "buy") == BOTH
    assert agreed(clinics, "purchase_order_line", "buy-1") == BOTH
    # the supplier issues less than was ordered, in another pack size, and adds a line
    clinics.people_run("south", "update invoice_line set packs = 4, pack_size = 100 where invoice_id = ?", issue)
    clinics.people_put("south", "invoice_line", invoice_line("extra", issue, 1, item_id="paracetamol"))
    clinics.people_run(
        "south", "update invoice set status = 'finalised', finalised_at = ? where id = ?", "2026-11-24T08:00:00Z", issue
    )
    clinics.cycle()
    clinics.cycle()
    goods = responding_id(clinics, issue)
    receipt = record(clinics, "north", "goods_received", goods)
    assert receipt is not None
    assert (receipt["store_id"], receipt["purchase_order_id"], receipt["linked_invoice_id"]) == ("NTH", "buy", issue)
    assert (receipt["number"], receipt["status"]) == (1, "new")
    found = clinics.rows(
        "north",
        "goods_received_line",
        "item_id, purchase_order_line_id, cast(packs as int)",
        f"goods_received_id = '{goods}'",
    )
    assert sorted(found, key=str) == [("amoxicillin", "buy-1", 4), ("paracetamol", None, 1)]
    assert agreed(clinics, "goods_received", goods) == BOTH
    assert record(clinics, "south", "invoice", issue)["goods_received_id"] == goods  # type: ignore[index]
    assert responding_halves(clinics, "warehouse", "stock_transfer", issue) == 0  # not a supplier invoice
    # 4 packs of 100 are 8 of the order's packs of 50
    assert record(clinics, "north", "purchase_order_line", "buy-1")["received_packs"] == 8  # type: ignore[index]
    clinics.cycle()
    assert agreed(clinics, "purchase_order_line", "buy-1") == BOTH


@pytest.mark.long
def test_x3_x4_an_order_of_primary_for_a_store(clinics: Clinics) -> None:
    """With centralised procurement: primary updates what was received, and the ordering site is sent it."""
    clinics.configure({"centralised_procurement": True})
    clinics.people_put("central", "purchase_order", order("buy", "NTH", "SDS", is_centralised=True))
    clinics.people_put("central", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.cycle()
    clinics.cycle()
    everywhere = {"central", *BOTH}
    issue = responding_id(clinics, "buy")
    assert agreed(clinics, "purchase_order", "buy") == everywhere
    assert agreed(clinics, "invoice", issue) == everywhere
    assert record(clinics, "central", "purchase_order", "buy")["linked_invoice_id"] == issue  # type: ignore[index]
    assert clinics.rows("central", "transfer_log", "message", "purchase_order_id = 'buy'") == [
        ("purchase order arrived; here it is customer invoice 1",)
    ]
    clinics.people_run(
        "south", "update invoice set status = 'finalised', finalised_at = ? where id = ?", "2026-11-24T08:00:00Z", issue
    )
    clinics.cycle()
    goods = responding_id(clinics, issue)
    assert record(clinics, "central", "purchase_order_line", "buy-1")["received_packs"] == 10  # type: ignore[index]
    assert record(clinics, "north", "purchase_order_line", "buy-1")["received_packs"] == 0  # type: ignore[index]
    clinics.cycle()
    assert agreed(clinics, "purchase_order_line", "buy-1") == everywhere
    assert record(clinics, "north", "purchase_order_line", "buy-1")["received_packs"] == 10  # type: ignore[index]
    assert agreed(clinics, "goods_received", goods) == everywhere
    # the ordering site counts again; primary follows
    clinics.people_run("north", "update goods_received_line set packs = 9 where goods_received_id = ?", goods)
    clinics.cycle()
    clinics.cycle()
    assert record(clinics, "north", "purchase_order_line", "buy-1")["received_packs"] == 9  # type: ignore[index]
    assert clinics.reasons("purchase_order_line") == {}


@pytest.mark.long
def test_x2_a_return_goes_by_the_rule_of_stock_transfers(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.people_put("south", "invoice", invoice("back", "SDS", "NTH", type="supplier_credit"))
    clinics.people_put("south", "invoice_line", invoice_line("back-1", "back"))
    clinics.cycle()
    clinics.cycle()
    credit = record(clinics, "north", "invoice", responding_id(clinics, "back"))
    assert credit is not None
    assert (credit["store_id"], credit["type"], credit["number"]) == ("NTH", "customer_credit", 1)
    assert (credit["linked_invoice_id"], credit["their_reference"]) == ("back", "from return 17")


def test_x1_stores_on_one_site_deal_with_each_other_there(either_clinics: Clinics) -> None:
    """The site makes the half before the pull, with a real number; central does nothing."""
    clinics = either_clinics
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NDB"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.people_put("north", "purchase_order", order("buy", "NDB", "NTH"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.people_put("north", "requisition", request("ask", "NDB", "NTH"))
    clinics.cycle()
    assert sorted(transfers(clinics)) == [
        ("ask", "requisition", None, "site"),
        ("buy", "internal_order", None, "site"),
        ("issue", "stock_transfer", None, "site"),
    ]
    made = record(clinics, "north", "invoice", responding_id(clinics, "issue"))
    assert made is not None
    assert (made["store_id"], made["number"], made["on_hold"]) == ("NDB", 1, True)
    assert record(clinics, "north", "invoice", "issue")["linked_invoice_id"] == made["id"]  # type: ignore[index]
    assert record(clinics, "north", "invoice", responding_id(clinics, "buy"))["number"] == 18  # type: ignore[index]
    assert clinics.rows("north", "transfer_log", "message", "invoice_id = 'issue'") == [
        ("invoice arrived; here it is supplier invoice 1",)
    ]
    supply = responding_id(clinics, "buy")
    clinics.people_run(
        "north",
        "update invoice set status = 'finalised', finalised_at = ? where id = ?",
        "2026-11-24T08:00:00Z",
        supply,
    )
    clinics.cycle()
    receipt = record(clinics, "north", "goods_received", responding_id(clinics, supply))
    assert receipt is not None
    assert (receipt["store_id"], receipt["number"], receipt["purchase_order_id"]) == ("NDB", 1, "buy")
    assert record(clinics, "north", "purchase_order_line", "buy-1")["received_packs"] == 10  # type: ignore[index]
    tables = ("invoice", "invoice_line", "goods_received", "purchase_order_line", "transfer_log", "document_number")
    before = [clinics.rows("north", table) for table in tables]
    clinics.cycle()
    assert [clinics.rows("north", table) for table in tables] == before


@pytest.mark.long
def test_x5_each_half_is_edited_by_its_own_store_and_reaches_the_other_site(clinics: Clinics) -> None:
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "SDS"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.cycle()
    clinics.cycle()
    made = responding_id(clinics, "issue")
    clinics.people_run("north", "update invoice set comment = 'driver: Ana' where id = 'issue'")
    clinics.people_run("south", "update invoice set on_hold = false, comment = 'two broken' where id = ?", made)
    clinics.people_run("south", "update invoice_line set packs = 3 where invoice_id = ?", made)
    clinics.cycle()
    clinics.cycle()
    assert agreed(clinics, "invoice", "issue") == BOTH
    assert agreed(clinics, "invoice", made) == BOTH
    assert record(clinics, "south", "invoice", "issue")["comment"] == "driver: Ana"  # type: ignore[index]
    assert record(clinics, "north", "invoice", made)["comment"] == "two broken"  # type: ignore[index]
    assert lines_of(clinics, "north", "invoice_line", made, "cast(packs as int)") == [(3,)]
    assert record(clinics, "south", "invoice_line", "issue-1")["packs"] == 5  # type: ignore[index]
    # the other way round is nobody's right
    clinics.people_run("north", "update invoice set status = 'finalised' where id = ?", made)
    clinics.people_run("south", "update invoice set comment = 'mine' where id = 'issue'")
    clinics.cycle()
    assert clinics.reasons("invoice") == {made: "not_owner", "issue": "not_owner"}
    assert agreed(clinics, "invoice", made) == BOTH
    assert agreed(clinics, "invoice", "issue") == BOTH
