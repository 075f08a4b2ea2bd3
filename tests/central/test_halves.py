"""Two halves are one thing (X5, precision 4 of the spec): the responding one follows what its sender says since, and
the receiver that its sender names, until its store takes it in; then it is its store's."""

from __future__ import annotations

from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.central.clinics import SITES, STORES, Clinics
from tests.central.dealing import (
    agreed,
    invoice,
    invoice_line,
    order,
    order_line,
    record,
    request,
    request_line,
    responding_id,
    transfers,
    waits,
)
from tests.central.test_history import upgrade
from warehouse.connection import open_warehouse


def issue(clinics: Clinics, record_id: str, store: str = "NTH", to: str = "SDS", **more: object) -> None:
    """A document of two lines, at the site of its store."""
    site = STORES[store]
    clinics.people_put(site, "invoice", invoice(record_id, store, to, **more))
    clinics.people_put(site, "invoice_line", *(invoice_line(f"{record_id}-{n}", record_id, n) for n in (1, 2)))


def half(clinics: Clinics, document: str, store: str, table: str = "invoice") -> dict[str, Any]:
    """Of the responding half of a document, as the store's site has it: the header, ``lines`` by what they answer."""
    site, made = STORES[store], responding_id(clinics, document)
    found = record(clinics, site, table, made)
    assert found is not None
    assert found["store_id"] == store
    link = "purchase_order_line_id" if table == "invoice" and found["purchase_order_id"] else "linked_line_id"
    amount = "requested_units" if table == "requisition" else "packs"
    rows = clinics.rows(site, f"{table}_line", f"{link}, cast({amount} as int)", f"{table}_id = '{made}'")
    return {**found, "lines": dict(rows)}


def stores_that_have_it(clinics: Clinics, document: str) -> list[str]:
    """The stores that have a supplier invoice or customer credit of a document, as each site has its own stores'."""
    found = []
    for site in SITES:
        own = ", ".join(f"'{store}'" for store, where in STORES.items() if where == site)
        condition = f"linked_invoice_id = '{document}' and type in ('supplier_invoice', 'customer_credit')"
        found += clinics.rows(site, "invoice", "store_id", f"{condition} and store_id in ({own})")
    return [store for (store,) in found]


def test_x5_what_the_sender_changes_reaches_the_half_until_it_is_taken_in(either_clinics: Clinics) -> None:
    """Of every kind: between two sites, on one, a return, a request, an order."""
    clinics = either_clinics
    issue(clinics, "far")
    issue(clinics, "near", to="NDB")
    issue(clinics, "back", "SDS", "NTH", type="supplier_credit")
    clinics.people_put("north", "requisition", request("ask", "NTH", "SDS"))
    clinics.people_put("north", "requisition_line", request_line("ask-1", "ask"))
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.cycle()
    clinics.cycle()
    # opened again, nothing is sent; what was sent is what is finalised
    clinics.people_run("north", "update invoice set status = 'confirmed' where id = 'far'")
    for site, document in (("north", "far"), ("north", "near"), ("south", "back")):
        clinics.people_run(site, "update invoice_line set packs = 7 where id = ?", f"{document}-1")
        clinics.people_run(site, "delete from invoice_line where id = ?", f"{document}-2")
        clinics.people_put(site, "invoice_line", invoice_line(f"{document}-3", document, 9, item_id="paracetamol"))
    clinics.people_run("north", "update requisition_line set requested_units = 40")
    clinics.people_put("north", "purchase_order_line", order_line("buy-2", "buy", 3, "paracetamol"))
    clinics.cycle()
    clinics.cycle()
    assert half(clinics, "far", "SDS")["lines"] == {"far-1": 1, "far-2": 2}
    clinics.people_run("north", "update invoice set status = 'finalised' where id = 'far'")
    clinics.cycle()
    clinics.cycle()
    for document, store in (("far", "SDS"), ("near", "NDB"), ("back", "NTH")):
        assert half(clinics, document, store)["lines"] == {f"{document}-1": 7, f"{document}-3": 9}
        assert half(clinics, document, store)["on_hold"] is True
        for (line,) in clinics.rows(STORES[store], "invoice_line", "id", f"linked_line_id like '{document}%'"):
            assert "warehouse" in agreed(clinics, "invoice_line", line)
    assert half(clinics, "ask", "SDS", "requisition")["lines"] == {"ask-1": 40}
    assert half(clinics, "buy", "SDS")["lines"] == {"buy-1": 10, "buy-2": 3}
    assert clinics.warehouse("select count(*) from ledger.half_version where version > 0") == [(5,)]
    before = clinics.warehouse("select last_seq from ledger.counter")
    clinics.cycle()
    assert clinics.warehouse("select last_seq from ledger.counter") == before  # it is quiet
    # what its store touched is its store's: on hold or not, a line, a line more
    made = {document: responding_id(clinics, document) for document in ("far", "near", "back")}
    clinics.people_run("south", "update invoice set on_hold = ? where id = ?", False, made["far"])
    clinics.people_run("north", "update invoice_line set packs = 5 where linked_line_id = 'near-1'")
    clinics.people_put("north", "invoice_line", invoice_line("more", made["back"], 1))
    for site in ("north", "south"):
        clinics.people_run(site, "update invoice_line set packs = 1 where id in ('far-1', 'near-1', 'back-1')")
    clinics.cycle()
    clinics.cycle()
    assert half(clinics, "far", "SDS")["lines"] == {"far-1": 7, "far-3": 9}
    assert half(clinics, "near", "NDB")["lines"] == {"near-1": 5, "near-3": 9}
    assert half(clinics, "back", "NTH")["lines"] == {"back-1": 7, "back-3": 9, None: 1}
    assert len(clinics.warehouse("select * from ledger.half_version")) == 2


@pytest.mark.long
def test_x5_a_corrected_receiver_gets_the_half_when_the_first_one_gave_it_back(either_clinics: Clinics) -> None:
    """It never stands at both; between sites, to a site's own store and from one, returns too."""
    clinics = either_clinics
    issue(clinics, "away")  # to the other site, and meant for central
    issue(clinics, "home")  # to the other site, and meant for a store of the same
    issue(clinics, "near", to="NDB")  # to a store of the same site, and meant for the other
    issue(clinics, "back", "SDS", "NTH", type="supplier_credit")
    clinics.cycle()
    clinics.cycle()
    first = {document: responding_id(clinics, document) for document in ("away", "home", "near", "back")}
    meant = {"away": "CMS", "home": "NDB", "near": "SDS", "back": "NDB"}
    for document, store in meant.items():
        site = "south" if document == "back" else "north"
        clinics.people_run(site, "update invoice set other_name_id = ? where id = ?", f"name-{store}", document)
        clinics.people_run(site, "update invoice_line set packs = 8 where id = ?", f"{document}-1")
    clinics.cycle()
    assert clinics.reasons("invoice") == dict.fromkeys(meant, "waits_for_receiver")
    assert clinics.reasons("invoice_line") == {f"{document}-1": "document_waits" for document in meant}
    for document in meant:
        assert stores_that_have_it(clinics, document) == [clinics.warehouse(
            f"select store_id from replica.invoice where id = '{first[document]}'")[0][0]]  # fmt: skip
    for _ in range(4):
        clinics.cycle()
        assert all(len(stores_that_have_it(clinics, document)) <= 1 for document in meant)
    for document, store in meant.items():
        assert stores_that_have_it(clinics, document) == [store]
        now = half(clinics, document, store)
        assert (now["lines"], now["number"] > 0, now["id"] != first[document]) == (
            {f"{document}-1": 8, f"{document}-2": 2}, True, True)  # fmt: skip
        assert record(clinics, "warehouse", "invoice", document)["linked_invoice_id"] == now["id"]  # type: ignore[index]
        assert "warehouse" in agreed(clinics, "invoice", document)
        assert clinics.where("invoice", first[document]) == set()
    assert clinics.where("invoice", "away") == {"north", "central", "warehouse"}  # no business of the south any more
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}
    # and there and back again
    clinics.people_run("north", "update invoice set other_name_id = 'name-SDS' where id = 'home'")
    for _ in range(4):
        clinics.cycle()
    assert stores_that_have_it(clinics, "home") == ["SDS"]


@pytest.mark.long
def test_x5_what_was_taken_in_stays_and_the_correction_is_refused(clinics: Clinics) -> None:
    """Central judges by what it knows; the first receiver may be away, and have taken the goods in."""
    issue(clinics, "done")
    issue(clinics, "unheard")
    clinics.cycle()
    clinics.cycle()
    done, unheard = responding_id(clinics, "done"), responding_id(clinics, "unheard")
    finish = "update invoice set status = 'finalised', on_hold = ? where id = ?"
    clinics.people_run("south", finish, False, done)
    clinics.cycle()
    clinics.people_run("south", finish, False, unheard)
    clinics.people_run("north", "update invoice set other_name_id = 'name-CMS' where id in ('done', 'unheard')")
    clinics.cycle("central", "north")
    assert clinics.reasons("invoice") == {"done": "taken_in_already", "unheard": "waits_for_receiver"}
    for _ in range(3):
        clinics.cycle()
    assert clinics.reasons("invoice") == {"done": "taken_in_already", "unheard": "taken_in_already"}
    for document in ("done", "unheard"):
        assert stores_that_have_it(clinics, document) == ["SDS"]
        assert record(clinics, "north", "invoice", document)["other_name_id"] == "name-SDS"  # type: ignore[index]
    assert clinics.warehouse("select * from ledger.transfer where is_recall_asked or recalled_id is not null") == []


@pytest.mark.long
def test_x5_a_correction_that_is_taken_back_leaves_the_half_where_it_was_or_makes_it_anew(clinics: Clinics) -> None:
    """Before the half came back, or after; a half that its store deleted is nobody's, and goes to the other store."""
    for document in ("before", "after", "deleted", "gone"):
        issue(clinics, document)
    clinics.cycle()
    clinics.cycle()
    first = responding_id(clinics, "before")
    deleted = responding_id(clinics, "deleted")
    to = "update invoice set other_name_id = ? where id in ('before', 'after', 'gone')"
    clinics.people_run("north", to, "name-CMS")
    clinics.cycle("central", "north")
    clinics.people_run("north", "update invoice set other_name_id = 'name-SDS' where id = 'before'")
    clinics.cycle("central", "north")
    clinics.people_run("south", "delete from invoice_line where invoice_id = ?", deleted)
    clinics.people_run("south", "delete from invoice where id = ?", deleted)
    clinics.cycle()
    assert waits(clinics) == {
        "before": None,
        "deleted": None,
        "after": "receiver_corrected",
        "gone": "receiver_corrected",
    }
    clinics.people_run("north", "update invoice set other_name_id = 'name-SDS' where id = 'after'")
    clinics.people_run("north", "update invoice set other_name_id = 'name-CMS' where id = 'deleted'")
    clinics.people_run("north", "delete from invoice_line where invoice_id = 'gone'")
    clinics.people_run("north", "delete from invoice where id = 'gone'")
    clinics.cycle()
    clinics.cycle()
    assert (stores_that_have_it(clinics, "before"), responding_id(clinics, "before")) == (["SDS"], first)
    assert stores_that_have_it(clinics, "after") == ["SDS"]
    assert half(clinics, "after", "SDS")["number"] > 0
    assert stores_that_have_it(clinics, "deleted") == ["CMS"]
    assert stores_that_have_it(clinics, "gone") == []
    assert transfers(clinics, "record_id, is_recall_asked") == [("after", False), ("before", False), ("deleted", False)]


@pytest.mark.long
def test_x5_a_merge_of_items_touches_no_half_and_what_was_under_way_at_the_upgrade_is_known(clinics: Clinics) -> None:
    issue(clinics, "issue")
    issue(clinics, "touched")
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("south", "update invoice_line set batch = 'mine' where linked_line_id = 'touched-1'")
    clinics.people_put("central", "item_merge", {"id": "m", "kept_id": "paracetamol", "merged_id": "amoxicillin"})
    clinics.cycle()
    before = clinics.warehouse("select responding_id, len(lines) from ledger.half_version")
    assert before == [(responding_id(clinics, "issue"), 2)]
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        upgrade(con)
    assert clinics.warehouse("select responding_id, len(lines) from ledger.half_version") == before
    clinics.people_run("north", "update invoice_line set packs = 6 where id in ('issue-1', 'touched-1')")
    clinics.cycle()
    clinics.cycle()
    assert half(clinics, "issue", "SDS")["lines"] == {"issue-1": 6, "issue-2": 2}
    assert half(clinics, "touched", "SDS")["lines"] == {"touched-1": 1, "touched-2": 2}
