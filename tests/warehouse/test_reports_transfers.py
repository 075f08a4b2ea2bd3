"""Transfers and what is on the way in the reports, with figures worked out by hand (section 8, W3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync_rules.transfers.kinds import BY_NAME, NO_NUMBER
from tests.warehouse.test_reports import network, report, rows, stock
from warehouse.connection import Connection, query

NOW = datetime.now(UTC)
LATER = date(2999, 1, 1)


def begun(con: Connection, kind: str, record: str, stores: str, responding: str | None, **given: Any) -> None:
    """Central's memory of a transfer that began five and a half days ago; ``stores``: `A B`, from A to B."""
    from_store, to_store = stores.split()
    made_by = "central" if responding else None
    row = {
        "kind": kind, "table_name": BY_NAME[kind].table, "record_id": record, "from_store": from_store,
        "to_store": to_store, "responding_table": BY_NAME[kind].responding_table, "responding_id": responding,
        "waits": None, "begun_at": NOW - timedelta(days=5.5), "is_snapshot": False, "first_cycle": 1,
        "made_by": made_by, "made_cycle": 1 if made_by else None, "made_at": NOW if made_by else None,
        "is_deleted": False, "is_responding_deleted": False, **given,
    }  # fmt: skip
    con.execute(
        f"insert into ledger.transfer ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
    )


def invoice(con: Connection, record: str, **given: Any) -> None:
    rows(con, "invoice", {"id": record, "status": "finalised", "number": 7, **given})


def invoice_lines(con: Connection, record: str, *lines: tuple[str, str, str, str | None], cost: bool = False) -> None:
    """Lines of (item, pack size, packs, price); the other one of the two prices is another, and does not count."""
    of, other = ("cost", "sell") if cost else ("sell", "cost")
    given = [
        {"id": f"{record}-{number}", "invoice_id": record, "item_id": item, "pack_size": Decimal(size),
         "packs": Decimal(packs), f"{of}_price_per_pack": Decimal(price) if price else None,
         f"{other}_price_per_pack": Decimal(1000)}
        for number, (item, size, packs, price) in enumerate(lines)
    ]  # fmt: skip
    rows(con, "invoice_line", *given)


def sent(con: Connection, record: str, stores: str, responding: Mapping[str, Any] | None, **given: Any) -> None:
    """A stock transfer of 130 X (10 packs of 10, and 3 of 10), 2.5 packs of 100 Y; 57.50 in all."""
    invoice(con, record, store_id=stores[0], type="customer_invoice")
    lines = (("X", "10", "10", "2"), ("X", "10", "3", "2.5"), ("Y", "100", "2.5", "12"))
    invoice_lines(con, record, *lines)
    if responding is not None:
        invoice(con, f"{record}-in", **{"store_id": stores[2], "type": "supplier_invoice", **responding})
        invoice_lines(con, f"{record}-in", *lines, cost=True)
    begun(con, "stock_transfer", record, stores, f"{record}-in" if responding is not None else None, **given)


def states(con: Connection) -> dict[str, str]:
    return {row["initiating_id"]: row["state"] for row in report(con, "transfers")}


def on_the_way(con: Connection) -> dict[tuple[str, str], Decimal]:
    found = report(con, "stock_on_hand")
    return {(row["store_code"], row["item_code"]): row["in_transit_units"] for row in found if row["in_transit_units"]}


def test_w3_a_stock_transfer_in_every_state_and_what_is_on_the_way(con: Connection) -> None:
    network(con)
    sent(con, "waits", "A B", None, waits="too_old_to_begin")
    sent(con, "sent", "A B", {"status": "new", "number": NO_NUMBER})
    sent(con, "arrived", "A B", {"status": "new", "number": 4})
    sent(con, "done", "A B", {"finalised_at": NOW - timedelta(days=3)})
    sent(con, "dropped", "A B", None, responding_id="gone", is_responding_deleted=True)
    sent(con, "unlinked", "A B", {"status": "new", "number": 5}, is_deleted=True)
    con.execute("delete from replica.invoice where id = 'unlinked'")
    assert states(con) == {name: name if name != "waits" else "waiting" for name in
                           ("waits", "sent", "arrived", "done", "dropped", "unlinked")}  # fmt: skip
    # three of the six are under way, but the one that is too old did not begin (X6)
    assert on_the_way(con) == {("B", "X"): 260, ("B", "Y"): 500}
    found = {row["initiating_id"]: row for row in report(con, "transfers")}
    assert [row["is_under_way"] for row in found.values()] == [True] * 3 + [False] * 3
    assert {name: row["waits"] for name, row in found.items() if row["waits"]} == {"waits": "too_old_to_begin"}
    assert (found["arrived"]["units"], found["arrived"]["value_amount"]) == (380, Decimal("57.5"))
    assert (found["unlinked"]["units"], found["unlinked"]["value_amount"]) == (None, None)
    assert {name: row["days_under_way"] for name, row in found.items()} == {
        "waits": 5, "sent": 5, "arrived": 5, "done": 2, "dropped": None, "unlinked": None
    }  # fmt: skip
    assert {name: (row["from_number"], row["to_number"]) for name, row in found.items()} == {
        "waits": (7, None), "sent": (7, None), "arrived": (7, 4), "done": (7, 7), "dropped": (7, None),
        "unlinked": (None, 5),
    }  # fmt: skip


def test_w3_what_is_finished_stays_done_whatever_is_deleted_afterwards(con: Connection) -> None:
    network(con)
    sent(con, "done", "A B", {}, is_deleted=True)
    con.execute("delete from replica.invoice where id = 'done'")
    assert states(con) == {"done": "done"}
    assert on_the_way(con) == {}


def test_w3_a_half_that_central_does_not_hold_yet_has_no_number(con: Connection) -> None:
    network(con)
    sent(con, "early", "A B", None, responding_id="not here", made_by="site")
    assert states(con) == {"early": "sent"}


def test_w3_returns_are_goods_on_the_way_and_requisitions_and_orders_are_not(con: Connection) -> None:
    network(con)
    invoice(con, "return", store_id="B", type="supplier_credit")
    goods = (("X", "20", "2", None), ("Z", "1", "7", "0.5"))  # 40 X at no price, 7 Z at 3.50
    invoice_lines(con, "return", *goods, cost=True)
    invoice(con, "return-in", store_id="A", type="customer_credit", status="new", number=NO_NUMBER)
    invoice_lines(con, "return-in", *goods, cost=True)
    begun(con, "stock_return", "return", "B A", "return-in")
    rows(con, "requisition", {"id": "asks", "store_id": "B", "type": "request", "status": "finalised", "number": 1},
         {"id": "answers", "store_id": "A", "type": "response", "status": "finalised", "number": 2,
          "finalised_at": NOW - timedelta(days=4)})  # fmt: skip
    rows(con, "requisition_line", {"id": "l1", "requisition_id": "asks", "requested_units": Decimal(60)},
         {"id": "l2", "requisition_id": "asks", "requested_units": Decimal("0.5")})  # fmt: skip
    begun(con, "requisition", "asks", "B A", "answers")
    rows(con, "purchase_order", {"id": "order", "store_id": "B", "status": "confirmed", "number": 3})
    rows(con, "purchase_order_line", {"id": "o1", "purchase_order_id": "order", "item_id": "X", "pack_size": Decimal(6),
         "ordered_packs": Decimal(5), "price_per_pack": Decimal("1.20"), "received_packs": Decimal(9)})  # fmt: skip
    invoice(con, "supply", store_id="A", type="customer_invoice", status="new", number=9)
    begun(con, "internal_order", "order", "B A", "supply")
    found = {row["kind"]: row for row in report(con, "transfers")}
    seen = {kind: (row["state"], row["units"], row["value_amount"]) for kind, row in found.items()}
    assert seen == {
        "stock_return": ("sent", 47, Decimal("3.5")),
        "requisition": ("done", Decimal("60.5"), None),
        "internal_order": ("arrived", 30, 6),
    }
    assert found["requisition"]["days_under_way"] == 1
    assert on_the_way(con) == {("A", "X"): 40, ("A", "Z"): 7}


def test_w3_a_return_is_worth_what_the_goods_cost_and_an_order_what_its_currency_is(con: Connection) -> None:
    network(con)
    invoice(con, "return", store_id="B", type="supplier_credit")
    invoice_lines(con, "return", ("X", "10", "2", "125"), cost=True)
    begun(con, "stock_return", "return", "B A", None)
    assert [(row["store_code"], row["in_transit_value"]) for row in report(con, "stock_value")] == [
        ("A", 250),
        ("B", 0),
    ]
    rows(con, "currency", {"id": "nzd", "code": "NZD", "is_home_currency": True, "rate": Decimal(1)},
         {"id": "usd", "code": "USD", "rate": Decimal("2.5")}, {"id": "xau", "code": "XAU"})  # fmt: skip
    for money in ("nzd", "usd", "xau"):
        rows(con, "purchase_order", {"id": money, "store_id": "B", "status": "confirmed", "currency_id": money})
        rows(con, "purchase_order_line", {"id": money, "purchase_order_id": money, "item_id": "X", "ordered_packs":
             Decimal(12), "pack_size": Decimal(10), "price_per_pack": Decimal("84.60")})  # fmt: skip
        begun(con, "internal_order", money, "B A", None)
    found = {row["initiating_id"]: (row["value_amount"], row["currency_code"]) for row in report(con, "transfers")}
    assert found == {
        "return": (250, None),
        "nzd": (Decimal("1015.2"), None),
        "usd": (2538, "USD"),
        "xau": (None, "XAU"),
    }


def test_b42_of_a_store_whose_invoices_stay_at_its_site_the_goods_received_decide(con: Connection) -> None:
    network(con)
    con.execute("insert into ledger.withheld values ('B', false)")
    invoice(con, "supply", store_id="A", type="customer_invoice", goods_received_id="goods")
    rows(con, "goods_received", {"id": "goods", "store_id": "B", "number": 1, "status": "finalised"})
    begun(con, "internal_order_goods", "supply", "A B", "goods")
    assert states(con) == {"supply": "done"}


def test_b9_quantities_and_prices_may_be_large(con: Connection) -> None:
    network(con)
    sent(con, "large", "A B", {"status": "new", "number": 4})
    con.execute(
        "update replica.invoice_line set packs = 999999999, pack_size = 1000000, sell_price_per_pack = 999999999.99"
    )
    row = next(row for row in report(con, "transfers") if row["initiating_id"] == "large")
    lines = row["units"] / (999999999 * 1000000)
    assert (lines > 0, row["value_amount"]) == (True, lines * 999999999 * Decimal("999999999.99"))
    assert sum(on_the_way(con).values()) == row["units"]


def test_a_transfer_whose_half_is_elsewhere_is_not_in_transit(con: Connection) -> None:
    network(con)
    sent(con, "waits", "A B", None, waits="half_missing")
    assert (states(con), on_the_way(con)) == ({"waits": "waiting"}, {})


@pytest.mark.parametrize(
    ("goods", "bought", "state"),
    [
        ("confirmed", None, "arrived"),
        ("finalised", "new", "arrived"),  # its supplier invoice decides, not the goods received (B42)
        ("finalised", "finalised", "done"),
        ("finalised", None, "arrived"),  # the invoice is still to come
        ("confirmed", "finalised", "done"),
    ],
)
def test_b42_goods_of_an_internal_order_are_received_by_the_supplier_invoice(
    con: Connection, goods: str, bought: str | None, state: str
) -> None:
    network(con)
    invoice(con, "supply", store_id="A", type="customer_invoice", goods_received_id="goods")
    invoice_lines(con, "supply", ("X", "10", "4", "1"))
    rows(con, "goods_received", {"id": "goods", "store_id": "B", "number": 1, "status": goods,
                                 "received_at": NOW - timedelta(days=4)})  # fmt: skip
    rows(con, "goods_received_line", {"id": "g", "goods_received_id": "goods", "item_id": "X", "pack_size": Decimal(10),
         "packs": Decimal(4), "cost_price_per_pack": Decimal(1)})  # fmt: skip
    invoice(con, "of somebody else", store_id="A", type="supplier_invoice", goods_received_id="goods")
    if bought:
        invoice(con, "bought", store_id="B", type="supplier_invoice", status=bought, goods_received_id="goods",
                finalised_at=NOW - timedelta(days=2) if bought == "finalised" else None)  # fmt: skip
    begun(con, "internal_order_goods", "supply", "A B", "goods")
    [row] = report(con, "transfers")
    assert (row["state"], row["units"], row["value_amount"]) == (state, 40, 4)
    assert row["days_under_way"] == (5 if state == "arrived" else 3 if bought else 1)
    assert on_the_way(con) == ({("B", "X"): 40} if state == "arrived" else {})


def test_w3_issued_is_received_and_on_the_way(con: Connection) -> None:
    network(con)
    halves = [None, {"status": "new", "number": NO_NUMBER}, {"status": "confirmed"}, {}, {}]
    for number, half in enumerate(halves):
        sent(con, f"s{number}", "A B", half, waits=None if half else "site_not_contacted")
    totals = {row["type"]: row["units"] for row in query(
        con, "select type, sum(packs * pack_size) as units from replica.invoice_line as l join replica.invoice as i "
        "on i.id = l.invoice_id where i.status = 'finalised' group by type").to_dicts()}  # fmt: skip
    assert totals["customer_invoice"] == totals["supplier_invoice"] + sum(on_the_way(con).values())


def test_t6_a_store_that_is_not_in_reports_shows_where_it_deals_with_one_that_is(con: Connection) -> None:
    """F is a transfer instance on central: its halves are known, its stock is not."""
    network(con)
    rows(con, "store", *({"id": code, "code": code} for code in "FG"))
    con.execute("insert into ledger.instance values (2, 'F', 'active'), (2, 'G', 'active')")
    con.execute("insert into ledger.withheld values ('F', true), ('G', true)")
    sent(con, "to B", "F B", {"status": "new"})
    sent(con, "to F", "B F", {"status": "new"})
    sent(con, "among them", "F G", {"status": "new"})
    assert set(states(con)) == {"to B", "to F"}
    assert on_the_way(con) == {("B", "X"): 130, ("B", "Y"): 250}
    found = {row["store_code"]: row["in_transit_value"] for row in report(con, "stock_value")}
    assert found == {"A": 0, "B": Decimal("57.5")}
    [total] = report(con, "stock_value_total")
    assert total["in_transit_value"] == Decimal("57.5")


def test_a_transfer_is_as_old_as_what_is_known_of_the_site_pulled_longest_ago(con: Connection) -> None:
    network(con)
    sent(con, "s", "A B", {"status": "new"})
    con.execute("update ledger.site set data_as_of_at = now() - interval 3 days where site_id = 2")
    [row] = report(con, "transfers")
    assert (NOW - row["data_as_of_at"]).days in (2, 3)


def test_a_report_of_transfers_is_filtered_by_either_store(con: Connection) -> None:
    network(con)
    rows(con, "store", {"id": "C", "code": "C"})
    sent(con, "ab", "A B", None)
    sent(con, "bc", "B C", None)
    assert {name: len(report(con, "transfers", store=name)) for name in "ABC"} == {"A": 1, "B": 2, "C": 1}


def test_w3_value_of_stock_by_store_and_in_all_and_what_is_not_in_it(con: Connection) -> None:
    network(con)
    stock(
        con,
        ("1", "A", "X", "10", "10", "6", LATER, False, None),  # 60.00
        ("2", "A", "X", "10", "1", "15", date(2020, 1, 1), False, None),  # 15.00, expired
        ("3", "A", "Y", "10", "2", "5", date(2020, 1, 1), True, None),  # 10.00, expired and on hold
        ("4", "B", "Y", "10", "3", "5", None, True, None),  # 15.00, on hold
    )
    sent(con, "s", "A B", {"status": "new"})
    con.execute("update ledger.site set data_as_of_at = now() - interval 8 days where site_id = 2")
    values = ["soh_value", "usable_value", "expired_value", "on_hold_value", "in_transit_value", "pct_of_total"]
    found = {row["store_code"]: [row[name] for name in values] for row in report(con, "stock_value")}
    assert found == {"A": [85, 60, 25, 10, 0, 85.0], "B": [15, 0, 0, 15, Decimal("57.5"), 15.0]}
    assert [row["is_current"] for row in report(con, "stock_value")] == [True, False]
    [total] = report(con, "stock_value_total")
    old = total.pop("oldest_data_as_of_at")
    assert total == {"total_value": 100, "in_transit_value": Decimal("57.5"), "stores": 2, "sites_current": 1,
                     "sites_total": 2, "usable_value": 60, "expired_value": 25, "on_hold_value": 25,
                     "value_missing_units": 0, "stores_value_incomplete": 0, "waiting_value": 0}  # fmt: skip
    assert (NOW - old).days in (7, 8)


def test_w3_no_stock_is_worth_nothing_and_has_no_share(con: Connection) -> None:
    assert [row["total_value"] for row in report(con, "stock_value_total")] == [0]
    network(con)
    assert [(row["soh_value"], row["pct_of_total"]) for row in report(con, "stock_value")] == [(0, None), (0, None)]


def test_b20_a_store_and_an_item_on_the_way_to_it_are_reported_together(con: Connection) -> None:
    network(con)
    sent(con, "s", "A B", {"status": "new"})
    found = [(row["store_code"], row["item_code"], row["soh_units"], row["in_transit_units"])
             for row in report(con, "stock_on_hand")]  # fmt: skip
    assert found == [("B", "X", 0, 130), ("B", "Y", 0, 250)]


def test_x5_what_was_sent_and_what_is_there_by_item_and_batch(con: Connection) -> None:
    """Sent: 130 X and 250 Y, at 27.50 and 30. A swap of two items of equal units shows, too."""
    network(con)
    sent(con, "same", "A B", {})
    sent(con, "under way", "A B", {"status": "new"})
    sent(con, "short", "A B", {})
    con.execute("update replica.invoice_line set packs = 2 where invoice_id = 'short-in' and item_id = 'Y'")
    con.execute("update replica.invoice_line set item_id = 'Z' where id = 'short-in-1'")
    sent(con, "otherwise", "A B", {"status": "new"})
    con.execute("update replica.invoice_line set batch = 'B1' where invoice_id = 'otherwise-in' and item_id = 'Y'")
    con.execute("update replica.invoice_line set cost_price_per_pack = 9 where id = 'otherwise-in-1'")
    sent(con, "unknown", "A B", {})
    con.execute("update replica.invoice_line set pack_size = null where id = 'unknown-in-2'")
    sent(con, "alone", "A B", None, responding_id="elsewhere", made_by="site")
    con.execute("insert into ledger.half_version select 'invoice', 'otherwise-in', n, [] from range(2) as v (n)")
    names = ["item_code", "batch", "sent_units", "there_units", "difference_units", "difference_value", "reason"]
    found = [(row["initiating_id"], *(row[name] for name in names)) for row in report(con, "transfer_lines")]
    assert sorted(found, key=str) == sorted([
        ("under way", "X", None, 130, 130, 0, 0, None),
        ("under way", "Y", None, 250, 250, 0, 0, None),
        ("otherwise", "X", None, 130, 130, 0, Decimal("19.5"), "on_its_way"),
        ("otherwise", "Y", None, 250, 0, -250, -30, "on_its_way"),
        ("otherwise", "Y", "B1", 0, 250, 250, 30, "on_its_way"),
        ("short", "X", None, 130, 100, -30, Decimal("-7.5"), "fewer_there"),
        ("short", "Y", None, 250, 200, -50, -6, "fewer_there"),
        ("short", "Z", None, 0, 30, 30, Decimal("7.5"), "not_sent"),
        ("unknown", "Y", None, 250, None, None, 0, "more_there"),
    ], key=str)  # fmt: skip
    con.execute("delete from ledger.half_version")
    con.execute("delete from replica.invoice_line where id = 'otherwise-in-2'")
    reasons = {(row["item_code"], row["reason"]) for row in report(con, "transfer_lines")
               if row["initiating_id"] == "otherwise"}  # fmt: skip
    assert reasons == {("X", "other_value"), ("Y", "not_there")}
    # what is on the way is what the receiver will take in
    assert on_the_way(con) == {("B", "X"): 390, ("B", "Y"): 500}
    moving = {row["initiating_id"]: (row["in_transit_units"], row["in_transit_value"])
              for row in report(con, "transfers") if row["in_transit_units"] is not None}  # fmt: skip
    assert moving == {"under way": (380, Decimal("57.5")), "otherwise": (130, 47), "alone": (380, Decimal("57.5"))}


def test_w3_what_ended_before_it_began_has_no_duration_and_is_listed(con: Connection) -> None:
    """Two sites' clocks: 25 hours apart, and half an hour, which is nothing."""
    network(con)
    for name, early in (("apart", timedelta(hours=25)), ("near", timedelta(minutes=30))):
        sent(con, name, "A B", {"finalised_at": NOW - timedelta(days=5) - early})
        con.execute("update replica.invoice set finalised_at = ? where id = ?", [NOW - timedelta(days=5), name])
        con.execute("update ledger.transfer set begun_at = ? where record_id = ?", [NOW - timedelta(days=5), name])
    found = {row["initiating_id"]: (row["state"], row["days_under_way"]) for row in report(con, "transfers")}
    assert found == {"apart": ("done", None), "near": ("done", 0)}
    [doubt] = [row for row in report(con, "data_quality") if row["issue"] == "ended_before_it_began"]
    assert (doubt["store_code"], doubt["table_name"], doubt["record_id"]) == ("B", "invoice", "apart-in")
    assert "from store A ended 25 hours before" in doubt["explanation"]


def test_w3_an_order_in_a_currency_without_a_rate_is_listed(con: Connection) -> None:
    network(con)
    rows(con, "currency", {"id": "usd", "code": "USD", "rate": Decimal("2.5")}, {"id": "xau", "code": "XAU"},
         {"id": "home", "code": "NZD", "is_home_currency": True})  # fmt: skip
    for money in ("usd", "xau", "home", None):
        rows(con, "purchase_order", {"id": f"o-{money}", "store_id": "B", "status": "new", "currency_id": money})
    doubts = [row for row in report(con, "data_quality") if row["issue"] == "currency_rate_missing"]
    assert [(row["store_code"], row["table_name"], row["record_id"]) for row in doubts] == [
        ("B", "purchase_order", "o-xau")
    ]


def test_w3_transfers_finished_before_the_first_contact_count_where_both_documents_name_each_other(
    con: Connection,
) -> None:
    network(con)
    began = NOW - timedelta(days=300)
    for name, theirs in (("whole", "whole"), ("one-sided", None), ("known", "known")):
        invoice(con, name, store_id="A", type="customer_invoice", finalised_at=began, linked_invoice_id=f"{name}-in")
        invoice(con, f"{name}-in", store_id="B", type="supplier_invoice", finalised_at=began + timedelta(days=9),
                linked_invoice_id=theirs)  # fmt: skip
        invoice_lines(con, name, ("X", "10", "4", "1"))
    invoice(con, "open", store_id="A", type="customer_invoice", finalised_at=began, linked_invoice_id="open-in")
    invoice(con, "open-in", store_id="B", type="supplier_invoice", status="new", linked_invoice_id="open")
    begun(con, "stock_transfer", "known", "A B", "known-in")
    rows(con, "requisition", {"id": "asks", "store_id": "B", "type": "request", "status": "finalised",
         "linked_requisition_id": "answers", "finalised_at": began},
         {"id": "answers", "store_id": "A", "type": "response", "status": "finalised", "finalised_at": began +
         timedelta(days=3), "linked_requisition_id": "asks"})  # fmt: skip
    names = ("kind", "from_store_code", "to_store_code", "state", "units", "days_under_way", "is_from_before")
    found = {row["initiating_id"]: tuple(row[name] for name in names) for row in report(con, "transfers")}
    assert found["whole"] == ("stock_transfer", "A", "B", "done", 40, 9, True)
    assert found["asks"] == ("requisition", "B", "A", "done", 0, 3, True)
    assert found["known"][-1] is False
    assert set(found) == {"whole", "asks", "known"}
    assert on_the_way(con) == {}
