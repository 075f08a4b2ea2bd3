"""Precision 9: transfers go on, whatever moves meanwhile; each half is made exactly once and gets one number."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.central.clinics import Clinics
from tests.central.dealing import (
    agreed,
    invoice,
    invoice_line,
    order,
    order_line,
    record,
    responding_halves,
    responding_id,
)
from tests.central.moving import active, apply, finish, moving


@pytest.fixture(params=["north", pytest.param("south", marks=pytest.mark.long)])
def clinics(request: pytest.FixtureRequest, copy_clinics: Callable[[str], Clinics]) -> Clinics:
    """The network at rest; one of the two clinics is PostgreSQL."""
    return copy_clinics(request.param)


def send(clinics: Clinics, site: str, name: str, store: str, to: str) -> None:
    """A finalised invoice of a store to another one, with a line."""
    clinics.people_put(site, "invoice", invoice(name, store, to))
    clinics.people_put(site, "invoice_line", invoice_line(f"{name}-line", name))


def arrived_once(clinics: Clinics, document: str, site: str) -> str:
    """The one half of a document, which its site has, with a number of its own."""
    [(half, number)] = clinics.warehouse(
        f"select id, number from replica.invoice where linked_invoice_id = '{document}' and type = 'supplier_invoice'"
    )
    assert number > 0
    own = record(clinics, site, "invoice", half)
    assert own is not None
    assert own["number"] == number
    assert len(clinics.rows(site, "invoice_line", "id", f"invoice_id = '{half}'")) == 1
    return str(half)


@pytest.mark.parametrize(
    "until", [pytest.param(one, marks=pytest.mark.long) for one in ("wanted", "cut", "filling", "activating")]
)
def test_x2_what_is_sent_to_a_store_on_its_way_arrives_there(clinics: Clinics, until: str) -> None:
    moving(clinics, "NTH", until)
    send(clinics, "central", "from-central", "CMS", "NTH")
    send(clinics, "south", "from-there", "SDS", "NTH")
    send(clinics, "north", "from-here", "NDS", "NTH")
    finish(clinics)
    assert active(clinics, "NTH") == ["south"]
    halves = [arrived_once(clinics, document, "south") for document in ("from-central", "from-there", "from-here")]
    numbers = [number for half in halves for (number,) in clinics.rows("south", "invoice", "number", f"id = '{half}'")]
    assert len(set(numbers)) == 3
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]
    assert agreed(clinics, "invoice", "from-here") >= {"north", "south", "warehouse"}


@pytest.mark.long
def test_x2_a_transfer_under_way_goes_on_when_its_stores_meet(clinics: Clinics) -> None:
    """NTH and SDS come to be on one site, the half of SDS being there, not taken in."""
    send(clinics, "north", "issue", "NTH", "SDS")
    clinics.sync()
    clinics.sync()
    half = responding_id(clinics, "issue")
    moving(clinics, "NTH", "done")
    finish(clinics)
    assert responding_halves(clinics, "south", "stock_transfer", "issue") == 1
    clinics.people_run("south", "update invoice set status = 'finalised', on_hold = false where id = ?", half)
    clinics.people_run("south", "update invoice set comment = 'sent on' where id = 'issue'")
    send(clinics, "south", "next", "NTH", "SDS")
    clinics.sync()
    clinics.sync()
    assert responding_halves(clinics, "south", "stock_transfer", "issue") == 1
    arrived_once(clinics, "next", "south")
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


@pytest.mark.long
def test_x1_a_local_pair_parts(clinics: Clinics) -> None:
    """NTH and NDS were on one site, which made the half itself; each half goes on where its store is."""
    send(clinics, "north", "issue", "NTH", "NDS")
    clinics.sync()
    [(half,)] = clinics.rows("north", "invoice", "id", "linked_invoice_id = 'issue'")
    moving(clinics, "NTH", "done")
    finish(clinics)
    for document in ("issue", half):
        assert agreed(clinics, "invoice", document) == {"north", "south", "warehouse"}
    clinics.people_run("north", "update invoice set status = 'finalised', on_hold = false where id = ?", half)
    clinics.people_run("south", "update invoice set comment = 'sent on' where id = 'issue'")
    clinics.sync()
    clinics.sync()
    assert record(clinics, "south", "invoice", half)["status"] == "finalised"  # type: ignore[index]
    assert record(clinics, "north", "invoice", "issue")["comment"] == "sent on"  # type: ignore[index]
    assert clinics.warehouse("select count(*) from replica.invoice where linked_invoice_id = 'issue'") == [(1,)]
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


@pytest.mark.long
def test_b25_numbers_go_on_where_the_store_was(clinics: Clinics) -> None:
    for number in range(3):
        send(clinics, "central", f"early-{number}", "CMS", "NTH")
    clinics.sync()
    clinics.sync()
    moving(clinics, "NTH", "done")
    send(clinics, "central", "late", "CMS", "NTH")
    finish(clinics)
    clinics.sync()
    half = arrived_once(clinics, "late", "south")
    assert clinics.rows("south", "invoice", "number", f"id = '{half}'") == [(4,)]


@pytest.mark.long
def test_x3_b29_what_was_received_is_worked_out_before_the_store_is_handed_over(clinics: Clinics) -> None:
    """The goods come with the very set that says so: the site counts them, and hands over once that is pulled."""
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "CMS"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    for _ in range(3):
        clinics.cycle()
    clinics.configure(NTH={"active_on": "south"})
    apply(clinics)
    clinics.people_run("central", "update invoice set status = 'finalised', finalised_at = '2026-11-24T08:00:00Z' "
                                  "where purchase_order_id = 'buy'")  # fmt: skip
    for _ in range(6):
        clinics.sync()
    assert clinics.warehouse("select state from ledger.move") == [("done",)]
    assert clinics.warehouse("select received_packs from replica.purchase_order_line") == [(10,)]
