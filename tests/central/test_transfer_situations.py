"""Transfers exactly once, whatever happens: replays, deletes, stores that come and go, first contact (X2, X6, X7, B22,
B23, B30, T6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from central.cycle.admit import admit
from central.cycle_file import required
from central.decisions import write_decision
from sites.schema import SCHEMA
from tests.central.clinics import Clinics, central_rows
from tests.central.dealing import (
    agreed,
    invoice,
    invoice_line,
    order,
    order_line,
    record,
    request,
    responding_halves,
    responding_id,
    transfers,
    waits,
)
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse

BOTH = {"north", "south", "warehouse"}
ALL = ("north", "south", "warehouse")


def issue(clinics: Clinics, record_id: str = "issue", **more: object) -> None:
    """North's store issues to south's dispensary."""
    clinics.people_put("north", "invoice", invoice(record_id, "NTH", "SDS", **more))
    clinics.people_put("north", "invoice_line", invoice_line(f"{record_id}-1", record_id))


def made_once(clinics: Clinics, record_id: str = "issue") -> bool:
    return all(responding_halves(clinics, place, "stock_transfer", record_id) == 1 for place in ALL)


@pytest.mark.long
def test_x2_a_draft_begins_nothing_and_neither_does_an_issue_to_others(clinics: Clinics) -> None:
    clinics.people_put("central", "name", {"id": "ward", "code": "W", "name": "Ward 3"})
    issue(clinics, status="confirmed", finalised_at=None)
    clinics.people_put("north", "invoice", invoice("to-itself", "NTH", "NTH"))
    clinics.cycle()
    clinics.people_put("north", "invoice", {**invoice("to-ward", "NTH", "SDS"), "other_name_id": "ward"})
    clinics.cycle()
    assert transfers(clinics) == []
    assert clinics.where("invoice", "issue") == {"north", "warehouse"}


@pytest.mark.long
def test_x2_a_cycle_that_is_admitted_again_makes_nothing_more(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    project = clinics.project
    with open_warehouse(project.warehouse, SCHEMA) as con:
        assert not admit(con, project, required(project.pulls, 2))
    clinics.people_run("north", "update invoice set comment = 'again' where id = 'issue'")
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)


@pytest.mark.long
def test_x2_the_answer_may_come_before_the_question(clinics: Clinics) -> None:
    """Both halves were made by people elsewhere; the second half arrives first, and only it names the other."""
    clinics.people_put("south", "invoice", {**invoice("arrived", "SDS", "NTH"), "type": "supplier_invoice",
                                            "status": "new", "linked_invoice_id": "issue"})  # fmt: skip
    clinics.cycle("central", "south")
    issue(clinics)
    clinics.cycle()
    assert transfers(clinics, "record_id, responding_id, made_by") == [("issue", "arrived", "site")]
    assert made_once(clinics)
    # the half-done link is mended: both name each other, on both sites
    clinics.cycle()
    assert agreed(clinics, "invoice", "issue") == BOTH
    assert record(clinics, "north", "invoice", "issue")["linked_invoice_id"] == "arrived"  # type: ignore[index]


@pytest.mark.long
def test_x2_only_the_initiating_half_names_the_other(clinics: Clinics) -> None:
    clinics.people_put("south", "invoice", {**invoice("arrived", "SDS", "NTH"), "type": "supplier_invoice"})
    clinics.cycle("central", "south")
    issue(clinics, linked_invoice_id="arrived")
    clinics.cycle()
    clinics.cycle()
    assert transfers(clinics, "record_id, responding_id, made_by") == [("issue", "arrived", "site")]
    assert record(clinics, "south", "invoice", "arrived")["linked_invoice_id"] == "issue"  # type: ignore[index]
    assert agreed(clinics, "invoice", "arrived") == BOTH


@pytest.mark.long
def test_x2_a_link_that_its_owner_wipes_out_is_put_back(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    made = responding_id(clinics, "issue")
    clinics.people_run("north", "update invoice set linked_invoice_id = null where id = 'issue'")
    clinics.people_run("south", "update invoice set linked_invoice_id = null where id = ?", made)
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)
    assert agreed(clinics, "invoice", "issue") == BOTH
    assert record(clinics, "north", "invoice", "issue")["linked_invoice_id"] == made  # type: ignore[index]


@pytest.mark.long
def test_x2_a_copy_of_a_document_that_names_the_half_of_the_first_gets_its_own(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    first = responding_id(clinics, "issue")
    issue(clinics, "copy", linked_invoice_id=first)
    clinics.people_put("north", "invoice", invoice("near", "NTH", "NDB", linked_invoice_id=first))  # on one site
    for _ in range(4):
        clinics.cycle()
    assert responding_id(clinics, "issue") == first
    assert made_once(clinics, "issue")
    assert made_once(clinics, "copy")
    assert responding_halves(clinics, "north", "stock_transfer", "near") == 1
    assert agreed(clinics, "invoice", first) == BOTH
    assert record(clinics, "north", "invoice", "copy")["linked_invoice_id"] == responding_id(clinics, "copy")  # type: ignore[index]


def begin_by_hand(clinics: Clinics, record_id: str) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    write_decision(
        clinics.project.pulls, "begin", "north", reason=None, now=at, decided_by="ana@office", record_id=record_id
    )


@pytest.mark.long
def test_x2_a_link_to_what_nobody_has_makes_the_transfer_wait(clinics: Clinics) -> None:
    """The half may still come; or its owner clears the link, or an operator has one made (B30)."""
    for name in ("comes", "cleared", "by hand"):
        issue(clinics, name, linked_invoice_id=f"{name} there")
    clinics.cycle()
    assert waits(clinics) == dict.fromkeys(("comes", "cleared", "by hand"), "half_missing")
    clinics.people_put("south", "invoice", {**invoice("comes there", "SDS", "NTH"), "type": "supplier_invoice"})
    clinics.people_run("north", "update invoice set linked_invoice_id = null where id = 'cleared'")
    begin_by_hand(clinics, "by hand")
    clinics.cycle()
    clinics.cycle()
    assert dict(transfers(clinics, "record_id, made_by")) == {
        "comes": "site",
        "cleared": "central",
        "by hand": "central",
    }
    assert responding_id(clinics, "comes") == "comes there"
    for name in ("comes", "cleared", "by hand"):
        assert made_once(clinics, name)
        assert agreed(clinics, "invoice", name) == BOTH


@pytest.mark.long
def test_x2_an_invoice_whose_order_is_wiped_out_with_its_finalising_is_still_that_orders(clinics: Clinics) -> None:
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.cycle()
    clinics.cycle()
    supply = responding_id(clinics, "buy")
    finish = "update invoice set status = 'finalised', purchase_order_id = null where id = ?"
    clinics.people_run("south", finish, supply)
    clinics.cycle()
    assert responding_halves(clinics, "warehouse", "internal_order_goods", supply) == 1
    assert responding_halves(clinics, "warehouse", "stock_transfer", supply) == 0


@pytest.mark.long
def test_b9_a_long_reference_makes_a_half_that_its_site_can_work_with(clinics: Clinics) -> None:
    issue(clinics, their_reference="x" * 2**20)
    clinics.cycle()
    clinics.cycle()
    assert record(clinics, "north", "invoice", responding_id(clinics, "issue"))["number"] == 1  # type: ignore[index]
    assert clinics.reasons("invoice") == {}


@pytest.mark.long
def test_x2_an_edit_between_pull_and_delivery_loses_nothing(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle_with(lambda: clinics.people_run("north", "update invoice set comment = 'late' where id = 'issue'"))
    for _ in range(3):
        clinics.cycle()
    assert made_once(clinics)
    assert agreed(clinics, "invoice", "issue") == BOTH
    kept = record(clinics, "south", "invoice", "issue")
    assert kept is not None
    assert (kept["comment"], kept["linked_invoice_id"]) == ("late", responding_id(clinics, "issue"))


@pytest.mark.long
def test_p7_a_site_that_is_away_gets_its_half_when_it_is_back(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle("central", "north")
    assert made_once(clinics) is False
    assert record(clinics, "north", "invoice", responding_id(clinics, "issue"))["number"] == -1  # type: ignore[index]
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)
    assert record(clinics, "north", "invoice", responding_id(clinics, "issue"))["number"] == 1  # type: ignore[index]


def read_anew(clinics: Clinics, site: str) -> None:
    """Central forgets up to where it had read a site, as when the site is initialised again."""
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        con.execute("update ledger.site set bookmark = null where site_code = ?", [site])


@pytest.mark.long
@pytest.mark.parametrize("site", ["north", "south"])
def test_x2_x6_a_site_that_is_initialised_again_begins_nothing_twice(clinics: Clinics, site: str) -> None:
    issue(clinics)
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put("north", "requisition", request("ask", "NTH", "SDS"))
    clinics.cycle()
    clinics.cycle()
    read_anew(clinics, site)
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)
    assert responding_halves(clinics, "warehouse", "internal_order", "buy") == 1
    assert responding_halves(clinics, "warehouse", "requisition", "ask") == 1
    assert len(transfers(clinics)) == 3


@pytest.mark.long
def test_x6_documents_older_than_the_limit_begin_nothing_at_first_contact(
    clinics: Clinics,
) -> None:
    """Those that come by the log do, however old; an operator may begin the others, or lengthen the limit."""
    issue(clinics, "old", finalised_at="2026-01-01T00:00:00Z")
    issue(clinics, "summer", finalised_at="2026-07-01T00:00:00Z")
    issue(clinics, "undated", finalised_at=None)
    issue(clinics, "new", finalised_at="2026-10-01T00:00:00Z")
    issue(clinics, "answered", finalised_at="2026-05-01T00:00:00Z", linked_invoice_id="elsewhere")
    read_anew(clinics, "north")
    clinics.cycle()
    too_old = dict.fromkeys(("old", "summer", "undated"), "too_old_to_begin")
    assert waits(clinics) == {**too_old, "new": None}
    clinics.people_run("north", "update invoice set comment = 'looked at' where id = 'old'")
    issue(clinics, "late", finalised_at="2026-05-01T00:00:00Z")
    clinics.cycle()
    assert waits(clinics) == {**too_old, "new": None, "late": None}
    clinics.configure({"transfer_age_limit_months": 6})
    clinics.cycle()
    assert waits(clinics) == {**too_old, "summer": None, "new": None, "late": None}
    begin_by_hand(clinics, "old")
    clinics.cycle()
    clinics.cycle()
    assert waits(clinics)["old"] is None
    assert made_once(clinics, "old")
    assert clinics.where("invoice", "answered") == {"north", "warehouse"}  # history is nobody else's business


@pytest.mark.long
def test_x2_nothing_begins_before_the_other_site_was_heard(unheard_clinics: Clinics) -> None:
    """It may have the other half already."""
    clinics = unheard_clinics
    for site in ("north", "south"):  # what the documents name was there before the first contact
        for table in ("unit", "item", "name"):
            clinics.people_put(site, table, *central_rows()[table])
    issue(clinics)
    clinics.people_put("south", "invoice", {**invoice("arrived", "SDS", "NTH"), "type": "supplier_invoice",
                                            "linked_invoice_id": "issue"})  # fmt: skip
    issue(clinics, "second")
    clinics.cycle("central", "north")
    assert waits(clinics) == {"issue": "site_not_contacted", "second": "site_not_contacted"}
    clinics.cycle()
    clinics.cycle()
    assert transfers(clinics, "record_id, made_by") == [("issue", "site"), ("second", "central")]
    assert made_once(clinics)
    assert made_once(clinics, "second")


@pytest.mark.long
def test_a_disabled_store_is_sent_nothing_new_until_it_is_enabled(clinics: Clinics) -> None:
    clinics.people_run("central", "update store set is_disabled = 1 where id = 'SDS'")
    issue(clinics)
    clinics.cycle()
    assert waits(clinics) == {"issue": "store_disabled"}
    clinics.people_run("central", "update store set is_disabled = 0 where id = 'SDS'")
    clinics.cycle()
    assert waits(clinics) == {"issue": None}
    # disabled afterwards: what was begun goes on
    clinics.people_run("central", "update store set is_disabled = 1 where id = 'SDS'")
    clinics.cycle()
    assert record(clinics, "north", "invoice", responding_id(clinics, "issue"))["number"] == 1  # type: ignore[index]


@pytest.mark.long
def test_x1_a_disabled_store_of_the_same_site_waits_too(clinics: Clinics) -> None:
    clinics.people_run("central", "update store set is_disabled = 1 where id = 'NDB'")
    clinics.cycle()
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NDB"))
    clinics.cycle()
    assert waits(clinics) == {"issue": "store_disabled"}
    clinics.people_run("central", "update store set is_disabled = 0 where id = 'NDB'")
    clinics.cycle()
    assert waits(clinics) == {"issue": "at_its_site"}
    clinics.cycle()
    assert transfers(clinics) == [("issue", "stock_transfer", None, "site")]


def add_store(clinics: Clinics, code: str) -> None:
    """A store record that topology.toml does not name yet."""
    clinics.people_put("central", "name", {"id": f"name-{code}", "code": code, "name": f"Store {code}"})
    clinics.people_put("central", "store", {"id": code, "code": code, "name_id": f"name-{code}", "mode": "store"})
    clinics.cycle()


def place(clinics: Clinics, code: str, site: str) -> None:
    with (clinics.folder / "topology.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[store]]\ncode = "{code}"\nactive_on = "{site}"\n')


@pytest.mark.long
def test_t10_b60_what_is_issued_to_a_store_that_is_active_nowhere_begins_by_hand(clinics: Clinics) -> None:
    """Once it is asked for it waits for the store to be placed."""
    add_store(clinics, "NEW")
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NEW"))
    clinics.cycle()
    assert waits(clinics) == {"issue": "party_was_no_store"}
    begin_by_hand(clinics, "issue")
    clinics.cycle()
    clinics.cycle()
    assert waits(clinics) == {"issue": "store_not_placed"}
    place(clinics, "NEW", "south")
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)


@pytest.mark.long
def test_x1_a_transfer_that_became_local_is_made_at_its_site(clinics: Clinics) -> None:
    add_store(clinics, "NEW")
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NEW"))
    clinics.cycle()
    begin_by_hand(clinics, "issue")
    clinics.cycle()
    place(clinics, "NEW", "north")
    clinics.cycle()
    assert waits(clinics) == {"issue": "at_its_site"}
    clinics.cycle()
    assert transfers(clinics) == [("issue", "stock_transfer", None, "site")]
    assert record(clinics, "north", "invoice", responding_id(clinics, "issue"))["number"] == 1  # type: ignore[index]


@pytest.mark.long
def test_an_other_party_that_is_no_store_any_more(clinics: Clinics) -> None:
    """Before the response the transfer is off; afterwards both halves stay as they are."""
    add_store(clinics, "NEW")
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NEW"))
    clinics.cycle()
    clinics.people_run("central", "delete from store where id = 'NEW'")
    clinics.cycle()
    assert transfers(clinics) == []
    issue(clinics, "second")
    clinics.cycle()
    clinics.people_put("central", "name", {"id": "other", "code": "O", "name": "Other"})
    clinics.people_run("central", "update store set name_id = 'other' where id = 'SDS'")
    clinics.cycle()
    clinics.people_run("north", "update invoice set comment = 'later' where id = 'second'")
    clinics.cycle()
    assert made_once(clinics, "second")
    assert agreed(clinics, "invoice", "second") == BOTH


@pytest.mark.long
def test_a_party_whose_name_was_merged(clinics: Clinics) -> None:
    """The store is the kept name's now, before the response and after it."""
    clinics.people_put("central", "name", {"id": "kept", "code": "K", "name": "South dispensary"})
    clinics.cycle()
    issue(clinics)  # names the old one
    clinics.people_put("central", "name_merge", {"id": "m", "kept_id": "kept", "merged_id": "name-SDS"})
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)
    assert record(clinics, "north", "invoice", "issue")["other_name_id"] == "kept"  # type: ignore[index]
    clinics.people_put("central", "name", {"id": "kept-2", "code": "K2", "name": "North store"})
    clinics.cycle()
    clinics.people_put("central", "name_merge", {"id": "m-2", "kept_id": "kept-2", "merged_id": "name-NTH"})
    clinics.cycle()
    clinics.cycle()
    made = responding_id(clinics, "issue")
    assert record(clinics, "south", "invoice", made)["other_name_id"] == "kept-2"  # type: ignore[index]
    assert agreed(clinics, "invoice", made) == BOTH
    assert len(transfers(clinics)) == 1


@pytest.mark.long
def test_b30_an_initiating_half_deleted_before_the_response_begins_nothing(clinics: Clinics) -> None:
    clinics.people_run("central", "update store set is_disabled = 1 where id = 'SDS'")
    issue(clinics)
    clinics.cycle()
    clinics.people_run("north", "delete from invoice_line where invoice_id = 'issue'")
    clinics.people_run("north", "delete from invoice where id = 'issue'")
    clinics.people_run("central", "update store set is_disabled = 0 where id = 'SDS'")
    clinics.cycle()
    assert transfers(clinics) == []
    assert responding_halves(clinics, "warehouse", "stock_transfer", "issue") == 0


@pytest.mark.long
def test_b30_an_initiating_half_deleted_after_the_response_leaves_the_other_unlinked(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    made = responding_id(clinics, "issue")
    clinics.people_run("north", "delete from invoice_line where invoice_id = 'issue'")
    clinics.people_run("north", "delete from invoice where id = 'issue'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("invoice", "issue") == set()
    assert agreed(clinics, "invoice", made) == BOTH
    assert record(clinics, "south", "invoice", made)["linked_invoice_id"] is None  # type: ignore[index]
    assert transfers(clinics, "record_id, is_deleted") == [("issue", True)]
    issue(clinics)  # it comes back: the half that there was is its half
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)


@pytest.mark.long
def test_b30_a_responding_half_that_was_deleted_is_never_made_again(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    made = responding_id(clinics, "issue")
    clinics.people_run("south", "delete from invoice_line where invoice_id = ?", made)
    clinics.people_run("south", "delete from invoice where id = ?", made)
    clinics.cycle()
    clinics.people_run("north", "update invoice set comment = 'again' where id = 'issue'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("invoice", made) == set()
    assert transfers(clinics, "record_id, is_responding_deleted") == [("issue", True)]


@pytest.mark.long
def test_b30_an_order_that_was_deleted_leaves_an_ordinary_invoice(clinics: Clinics) -> None:
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    clinics.cycle()
    clinics.cycle()
    supply = responding_id(clinics, "buy")
    clinics.people_run("north", "delete from purchase_order_line where id = 'buy-1'")
    clinics.people_run("north", "delete from purchase_order where id = 'buy'")
    clinics.cycle()
    assert record(clinics, "south", "invoice", supply)["purchase_order_id"] is None  # type: ignore[index]
    clinics.people_run("south", "update invoice set status = 'finalised' where id = ?", supply)
    clinics.cycle()
    assert responding_halves(clinics, "warehouse", "stock_transfer", supply) == 1
    assert responding_halves(clinics, "warehouse", "internal_order_goods", supply) == 0


@pytest.mark.long
def test_b22_halves_leave_a_dispensary_that_keeps_its_stock_records(clinics: Clinics) -> None:
    clinics.configure(SDS={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("south", "invoice", invoice("draft", "SDS", "NTH", status="new"))
    clinics.people_put("south", "invoice_line", invoice_line("draft-1", "draft"))
    clinics.cycle()
    assert clinics.where("invoice", "draft") == {"south"}
    clinics.people_run("south", "update invoice set status = 'finalised' where id = 'draft'")
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    assert agreed(clinics, "invoice", "draft") == BOTH
    assert agreed(clinics, "invoice_line", "draft-1") == BOTH
    arrived = record(clinics, "north", "invoice", responding_id(clinics, "draft"))
    assert arrived is not None
    assert arrived["number"] == 1
    # and what arrived there travels back: its number, and what people do to it
    clinics.people_run("south", "update invoice set on_hold = false where id = ?", responding_id(clinics, "issue"))
    clinics.cycle()
    clinics.cycle()
    back = record(clinics, "north", "invoice", responding_id(clinics, "issue"))
    assert back is not None
    assert (back["number"], back["on_hold"]) == (1, False)


@pytest.mark.long
@pytest.mark.parametrize("keeps", [{"include_transactions": False}, {"central_instance": "transfer"}])
def test_b22_t6_halves_that_are_there_at_first_contact_come_too(
    unheard_clinics: Clinics, keeps: dict[str, object]
) -> None:
    """They are in the warehouse; what is old has ended, and goes to nobody else (X6)."""
    clinics = unheard_clinics
    clinics.configure(SDS=keeps)
    for site in ("north", "south"):
        for table in ("unit", "item", "name"):
            clinics.people_put(site, table, *central_rows()[table])
    arrived = {"type": "supplier_invoice", "status": "new"}
    for name, at in (("young", "2026-11-01T00:00:00Z"), ("old", "2026-01-01T00:00:00Z")):
        issue(clinics, name, finalised_at=at, linked_invoice_id=f"{name} there")
        there = invoice(f"{name} there", "SDS", "NTH", linked_invoice_id=name, finalised_at=at)
        clinics.people_put("south", "invoice", {**there, **arrived})
    clinics.cycle()
    clinics.cycle()
    assert transfers(clinics, "record_id, made_by") == [("young", "site")]
    assert agreed(clinics, "invoice", "young there") == BOTH
    assert agreed(clinics, "invoice", "young") == BOTH
    # an old one that somebody touches is known with its half, which left too
    assert clinics.where("invoice", "old there") == {"south", "warehouse"}
    clinics.people_run("north", "update invoice set comment = 'looked at' where id = 'old'")
    clinics.cycle()
    assert transfers(clinics, "record_id, made_by") == [("old", "site"), ("young", "site")]
    assert agreed(clinics, "invoice", "old there") == BOTH


@pytest.mark.long
def test_b26_halves_stay_in_the_warehouse_when_a_dispensary_begins_to_keep_its_records(clinics: Clinics) -> None:
    clinics.people_put("south", "invoice", invoice("draft", "SDS", "NTH", status="new"))
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    clinics.configure(SDS={"include_transactions": False})
    clinics.cycle()
    assert clinics.where("invoice", "draft") == {"south"}
    assert agreed(clinics, "invoice", responding_id(clinics, "issue")) == BOTH


@pytest.mark.long
def test_t6_a_store_that_is_transfer_on_central_sends_its_transfers_and_nothing_else(clinics: Clinics) -> None:
    clinics.configure(NTH={"central_instance": "transfer"})
    clinics.cycle()
    clinics.people_put("north", "location", {"id": "shelf", "store_id": "NTH", "code": "S"})
    issue(clinics)
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put(
        "north", "requisition", request("ask", "NTH", "SDS"), request("draft", "NTH", "SDS", status="new")
    )
    clinics.cycle()
    clinics.cycle()
    for table, record_id in (
        ("invoice", "issue"),
        ("invoice_line", "issue-1"),
        ("purchase_order", "buy"),
        ("requisition", "ask"),
    ):
        assert agreed(clinics, table, record_id) == BOTH
    assert clinics.where("requisition", "draft") == {"north"}
    assert clinics.where("location", "shelf") == {"north"}


@pytest.mark.long
def test_t6_its_transfers_leave_though_the_other_store_is_not_at_its_site(clinics: Clinics) -> None:
    clinics.configure(NTH={"central_instance": "transfer"})
    clinics.people_run("central", "delete from name_store_join")
    clinics.cycle()
    assert clinics.rows("north", "store", "id", "id = 'SDS'") == []
    issue(clinics)
    clinics.cycle()
    clinics.cycle()
    assert made_once(clinics)


@pytest.mark.long
def test_x7_both_stores_are_on_both_sites_as_long_as_a_half_is(clinics: Clinics) -> None:
    """Whatever T4 says: nobody sees anybody any more."""
    clinics.people_run("central", "delete from name_store_join")
    clinics.cycle()
    assert clinics.where("store", "NTH") == {"north", "central", "warehouse"}
    issue(clinics)
    clinics.cycle()
    assert clinics.where("store", "NTH") == {"north", "south", "central", "warehouse"}
    assert clinics.where("store", "SDS") == {"north", "south", "central", "warehouse"}
    assert clinics.rows("south", "store_site", "sync_type", "store_id = 'NTH'") == [("transfer",)]
    made = responding_id(clinics, "issue")
    for site, document in (("south", made), ("north", "issue")):
        clinics.people_run(site, "delete from invoice_line where invoice_id = ?", document)
        clinics.people_run(site, "delete from invoice where id = ?", document)
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("store", "NTH") == {"north", "central", "warehouse"}


@pytest.mark.long
def test_s1_an_id_that_somebody_else_took_makes_the_transfer_wait(clinics: Clinics) -> None:
    issue(clinics)
    clinics.cycle()
    made = responding_id(clinics, "issue")
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        con.execute("delete from ledger.transfer")
    clinics.people_run("south", "update invoice set linked_invoice_id = 'other' where id = ?", made)
    clinics.people_run("north", "update invoice set linked_invoice_id = null where id = 'issue'")
    clinics.cycle()
    assert waits(clinics) == {"issue": "id_taken"}
    assert len(clinics.warehouse(f"select id from replica.invoice where id = '{made}'")) == 1


@pytest.mark.long
def test_x1_what_answers_a_document_that_is_held_back_is_held_back_with_it(clinics: Clinics) -> None:
    """The site has made the half and numbered it; nothing is on the way before the document is admitted."""
    clinics.people_put("north", "transaction_category", {"id": "own", "name": "North's own"})
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NDB", transaction_category_id="own"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.cycle()
    half = clinics.rows("north", "invoice", "id", "linked_invoice_id = 'issue'")[0][0]
    assert clinics.reasons("invoice") == {"issue": "reference_missing", half: "other_half_waits"}
    assert set(clinics.reasons("invoice_line").values()) == {"document_waits", "parent_missing"}
    assert transfers(clinics) == []
    clinics.people_run("north", "update invoice set comment = 'counted' where linked_invoice_id = 'issue'")
    clinics.cycle()
    assert clinics.reasons("invoice")[half] == "other_half_waits"
    clinics.people_put("central", "transaction_category", {"id": "own", "name": "North's own"})
    clinics.cycle()
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}
    assert transfers(clinics, "record_id, responding_id, made_by") == [("issue", half, "site")]


@pytest.mark.long
def test_x1_goods_that_people_receive_of_an_order_whose_change_waits_are_no_half_and_wait_for_nothing(
    clinics: Clinics,
) -> None:
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS", status="new"))
    clinics.cycle()
    clinics.people_put("north", "purchase_order_category", {"id": "own", "name": "North's own"})
    clinics.people_run("north", "update purchase_order set purchase_order_category_id = 'own' where id = 'buy'")
    clinics.people_put("north", "goods_received", {"id": "got", "store_id": "NTH", "purchase_order_id": "buy"})
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"buy": "reference_missing"}
    assert clinics.where("goods_received", "got") == {"north", "warehouse"}


def half_of_what_takes_over(clinics: Clinics) -> str:
    """The half that north makes of an invoice, `same`, whose id is south's already."""
    clinics.people_put("south", "invoice", invoice("same", "SDS", "CMS", status="new"))
    clinics.cycle()
    clinics.people_put("north", "invoice", invoice("same", "NTH", "NDB"))
    clinics.people_put("north", "invoice_line", invoice_line("same-1", "same"))
    clinics.cycle()
    return str(clinics.rows("north", "invoice", "id", "linked_invoice_id = 'same'")[0][0])


@pytest.mark.long
def test_x1_what_answers_a_document_that_is_refused_is_refused_with_it(clinics: Clinics) -> None:
    """In whole chains; what is edited later of it too. An operator who admits the document admits what answers it."""
    half = half_of_what_takes_over(clinics)
    assert clinics.reasons("invoice") == {"same": "takes_over", half: "other_half_rejected"}
    assert set(clinics.reasons("invoice_line").values()) == {"parent_missing", "parent_rejected"}
    clinics.people_run("north", "update invoice set comment = 'counted' where linked_invoice_id = 'same'")
    clinics.cycle()
    assert clinics.reasons("invoice")[half] == "other_half_rejected"
    assert transfers(clinics) == []
    clinics.people_run("south", "delete from invoice")
    clinics.cycle()
    entry = clinics.warehouse("select id from ledger.quarantine where record_id = 'same' and state = 'open'")[0][0]
    write_decision(clinics.project.pulls, "admit", "north", reason=None, now=NOW, decided_by="ana@office", entry=entry)
    clinics.cycle()
    clinics.cycle()
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}
    assert transfers(clinics, "record_id, responding_id, made_by") == [("same", half, "site")]


@pytest.mark.long
def test_x1_what_answers_a_document_that_is_admitted_at_last_is_admitted_with_it(clinics: Clinics) -> None:
    """By whatever it comes in: here its own site's next edit, once the id is free."""
    half = half_of_what_takes_over(clinics)
    clinics.people_run("south", "delete from invoice where id = 'same'")
    clinics.cycle()
    assert clinics.reasons("invoice")[half] == "other_half_rejected"
    clinics.people_run("north", "update invoice set comment = 'again' where id = 'same'")
    clinics.people_run("north", "update invoice_line set packs = 5 where id = 'same-1'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}
    assert transfers(clinics, "record_id, responding_id, made_by") == [("same", half, "site")]


@pytest.mark.long
def test_x1_what_answers_a_document_that_is_discarded_is_refused(clinics: Clinics) -> None:
    """Also where it only waited: nothing is on the way of an order that central has not got."""
    clinics.people_put("north", "purchase_order_category", {"id": "own", "name": "North's own"})
    clinics.people_put("north", "purchase_order", order("gone", "NTH", "NDB", purchase_order_category_id="own"))
    clinics.people_put("north", "purchase_order_line", order_line("gone-1", "gone"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"gone": "reference_missing"}
    [half] = clinics.reasons("invoice")
    entry = clinics.warehouse("select id from ledger.quarantine where record_id = 'gone' and state = 'open'")[0][0]
    write_decision(clinics.project.pulls, "discard", "north", reason="x", now=NOW, decided_by="ana@office", entry=entry)
    clinics.cycle()
    clinics.people_run("north", "update invoice set status = 'finalised' where id = ?", half)
    clinics.cycle()
    clinics.cycle()
    assert clinics.reasons("invoice") == {half: "other_half_rejected"}
    assert clinics.warehouse("select id from replica.invoice") == clinics.warehouse(
        "select id from replica.goods_received"
    )
    assert clinics.warehouse("select store_code from reports.stock_on_hand where in_transit_units > 0") == []


@pytest.mark.long
@pytest.mark.parametrize("is_later", [True, pytest.param(False, marks=pytest.mark.long)])
def test_x1_goods_for_an_order_that_is_refused_are_an_ordinary_transfer(clinics: Clinics, *, is_later: bool) -> None:
    """People issued by themselves: that happened, and is admitted wherever the other store is. Nothing is made and
    numbered as if the order was there, in the exchange in which it is refused, or later."""
    clinics.configure({"centralised_procurement": True})
    clinics.cycle()
    for name, store in (("near", "NDB"), ("far", "SDS")):
        clinics.people_put("north", "purchase_order", order(f"buy-{name}", "NTH", store))
        clinics.people_put("north", "purchase_order_line", order_line(f"buy-{name}-1", f"buy-{name}"))
    if is_later:
        clinics.cycle()
    for name, store in (("near", "NDB"), ("far", "SDS")):
        site = "north" if name == "near" else "south"
        clinics.people_put(site, "invoice", invoice(name, store, "NTH", purchase_order_id=f"buy-{name}"))
        clinics.people_put(site, "invoice_line", invoice_line(f"{name}-1", name))
    for _ in range(3):
        clinics.cycle()
    refused = dict.fromkeys(("buy-near", "buy-far"), "centralised_procurement")
    assert clinics.reasons("purchase_order") == refused
    assert clinics.reasons("invoice") == clinics.reasons("goods_received") == {}
    assert clinics.rows("north", "goods_received", "id") == []
    assert sorted(transfers(clinics, "record_id, kind, waits")) == [
        ("far", "stock_transfer", None),
        ("near", "stock_transfer", None),
    ]


@pytest.mark.long
def test_x1_what_was_refused_before_begins_nothing_when_it_is_finished(clinics: Clinics) -> None:
    clinics.people_put("south", "invoice", invoice("same", "SDS", "CMS", status="new"))
    clinics.cycle()
    clinics.people_put("north", "invoice", invoice("same", "NTH", "NDB", status="new"))
    clinics.cycle()
    clinics.people_run("north", "update invoice set status = 'finalised' where id = 'same'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.reasons("invoice") == {"same": "takes_over"}
    assert clinics.rows("north", "invoice", "id") == [("same",)]


@pytest.mark.long
def test_x1_of_a_store_whose_data_stays_the_other_half_comes_alone(clinics: Clinics) -> None:
    clinics.configure(NTH={"central_instance": "transfer"})
    clinics.cycle()
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "NDB"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.cycle()
    assert clinics.reasons("invoice") == {}


@pytest.mark.long
def test_b37_x1_what_a_switch_refuses_begins_nothing_at_its_site_either(either_clinics: Clinics) -> None:
    """Orders between two stores of one site, and of primary's for a store that procures for itself: no invoice is made
    or numbered, and nothing is on the way. What is admitted begins once it is."""
    clinics = either_clinics
    clinics.people_put("north", "purchase_order", order("before", "NTH", "NDB", status="new"))
    clinics.people_put("north", "purchase_order_line", order_line("before-1", "before"))
    clinics.cycle()
    clinics.configure({"centralised_procurement": True}, south={"local_procurement": True})
    clinics.cycle()
    clinics.people_run("north", "update purchase_order set status = 'confirmed' where id = 'before'")
    clinics.people_put("north", "purchase_order", order("own", "NTH", "NDB"))
    clinics.people_put("north", "purchase_order_line", order_line("own-1", "own"))
    for key, store in (("theirs", "SDS"), ("ours", "NTH")):
        clinics.people_put("central", "purchase_order", order(key, store, "CMS", is_centralised=True))
        clinics.people_put("central", "purchase_order_line", order_line(f"{key}-1", key))
    for _ in range(3):
        clinics.cycle()
    refused = {"own": "centralised_procurement", "theirs": "local_procurement"}
    assert clinics.reasons("purchase_order") == refused
    made = {place: sorted(clinics.rows(place, "invoice", "purchase_order_id")) for place in ("north", "central")}
    assert made == {"north": [("before",), ("ours",)], "central": [("ours",)]}  # north's store is the other party
    assert {key for key, *_ in transfers(clinics)} == {"before", "ours"}
