"""A transfer begins by the step into its state, not by the state that is seen (B60): what was finished while its other
party was no store is history, at whichever of its two sites it would begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.clinics import Clinics
from tests.central.dealing import invoice, invoice_line, responding_halves, responding_id, transfers, waits
from tests.central.test_transfer_situations import begin_by_hand, place
from warehouse.connection import Connection, open_warehouse

SCHEMAS = Path(__file__).parents[2] / "warehouse/schema"
UPGRADES = ("0010_halves.sql", "0011_half_versions.sql")
LONG_AGO = "2021-05-01T00:00:00Z"
HISTORY = "party_was_no_store"


def issue(clinics: Clinics, record_id: str, to: str, store: str = "NTH", site: str = "north", **more: object) -> None:
    """A store issues to a name."""
    clinics.people_put(site, "invoice", {**invoice(record_id, store, "?", finalised_at=LONG_AGO, **more),
                                         "other_name_id": to})  # fmt: skip
    clinics.people_put(site, "invoice_line", invoice_line(f"{record_id}-1", record_id))


def facilities(clinics: Clinics, *names: str) -> None:
    """Customers that are no stores."""
    clinics.people_put("central", "name", *({"id": name, "code": name, "name": name} for name in names))
    clinics.cycle()


def becomes_a_store(clinics: Clinics, name: str, site: str) -> None:
    code = name.upper()
    clinics.people_put("central", "store", {"id": code, "code": code, "name_id": name, "mode": "store"})
    place(clinics, code, site)


def upgrade(con: Connection) -> None:
    """The warehouse becomes one of before, and is brought along."""
    con.execute("drop table ledger.before_store")
    con.execute("drop table ledger.half_version")
    for column in ("is_recall_asked", "recalled_id"):
        con.execute(f"alter table ledger.transfer drop column {column}")
    for name in UPGRADES:
        con.execute((SCHEMAS / name).read_text(encoding="utf-8"))


def touch_everything(clinics: Clinics) -> None:
    """As an upgrade of the sites' program does, and as an accountant does."""
    for site in ("central", "north"):
        clinics.people_run(site, "update invoice set status = status")
    clinics.cycle()
    clinics.people_run("north", "update invoice set comment = 'checked by audit'")
    clinics.cycle()
    clinics.cycle()


@pytest.mark.long
def test_b60_what_was_finished_before_its_party_was_a_store_is_history(either_clinics: Clinics) -> None:
    clinics = either_clinics
    facilities(clinics, "far", "near", "old-name", "ward")
    for name in ("far", "near", "old-name"):
        issue(clinics, f"to-{name}", name)
    issue(clinics, "in-a-step", "far")
    issue(clinics, "to-another", "ward")
    clinics.cycle()
    assert transfers(clinics) == []
    becomes_a_store(clinics, "far", "south")
    becomes_a_store(clinics, "near", "north")
    clinics.people_put("central", "name_merge", {"id": "m", "kept_id": "name-SDS", "merged_id": "old-name"})
    clinics.cycle()
    listed = dict.fromkeys(("in-a-step", "to-far", "to-near", "to-old-name"), HISTORY)
    assert waits(clinics) == listed
    touch_everything(clinics)
    assert waits(clinics) == listed
    assert clinics.rows("south", "invoice", "id", "type = 'supplier_invoice'") == []
    assert clinics.rows("north", "invoice", "id", "type = 'supplier_invoice'") == []
    # a step begins: back to an earlier state and into it again, another party, a new document; none by its age
    clinics.people_run("north", "update invoice set status = 'confirmed' where id = 'in-a-step'")
    clinics.cycle()
    assert waits(clinics) == {name: HISTORY for name in listed if name != "in-a-step"}
    clinics.people_run("north", "update invoice set status = 'finalised' where id = 'in-a-step'")
    clinics.people_run("north", "update invoice set other_name_id = 'far' where id = 'to-another'")
    issue(clinics, "new", "near")
    clinics.cycle()
    assert {name: made_by for name, made_by in transfers(clinics, "record_id, made_by") if made_by} == {
        "in-a-step": "central",
        "to-another": "central",
        "new": "site",
    }
    # and an operator lets through what is on the way all the same
    for name in ("to-far", "to-near"):
        begin_by_hand(clinics, name)
    clinics.cycle()
    clinics.cycle()
    assert [responding_halves(clinics, "warehouse", "stock_transfer", name) for name in ("to-far", "to-near")] == [1, 1]
    assert clinics.rows("north", "invoice", "store_id", f"id = '{responding_id(clinics, 'to-near')}'") == [("NEAR",)]
    assert waits(clinics)["to-old-name"] == HISTORY


@pytest.mark.long
def test_b60_a_store_made_in_the_cycle_of_the_edit_begins_nothing_where_both_are_made(clinics: Clinics) -> None:
    """The site that makes the halves of its own stores knows a new store before central does."""
    facilities(clinics, "near")
    issue(clinics, "old", "near", "CMS", "central")
    clinics.cycle()
    becomes_a_store(clinics, "near", "central")
    clinics.people_run("central", "update invoice set status = status")
    issue(clinics, "new", "near", "CMS", "central")
    clinics.cycle()
    clinics.cycle()
    assert waits(clinics) == {"old": HISTORY, "new": None}


@pytest.mark.long
def test_b60_a_change_that_comes_late_is_a_step(clinics: Clinics) -> None:
    """Out of waiting, or by a whole read after a gap in capture, whatever the documents say of their age."""
    item = {"id": "not yet", "code": "not yet", "name": "not yet", "unit_id": "tablet"}
    clinics.people_put("north", "item", item)  # which primary does not have
    issue(clinics, "waits", "name-SDS")
    clinics.people_put("north", "invoice_line", invoice_line("more", "waits", item_id="not yet"))
    issue(clinics, "draft", "name-SDS", status="confirmed")
    clinics.cycle()
    assert transfers(clinics) == []
    with open_site(clinics.urls["north"], clinics.folder) as db:
        triggers.remove(db)
        db.script(["update invoice set status = 'finalised' where id = 'draft'"])
        triggers.install(db, SCHEMA)
    clinics.people_put("central", "item", item)
    clinics.cycle()
    assert transfers(clinics, "record_id, made_by") == [("draft", "central"), ("waits", "central")]


@pytest.mark.long
def test_b60_at_the_upgrade_all_that_is_finished_and_began_nothing_is_history(clinics: Clinics) -> None:
    facilities(clinics, "far")
    issue(clinics, "to-far", "far")
    issue(clinics, "begun", "name-SDS")
    clinics.cycle()
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        upgrade(con)
    becomes_a_store(clinics, "far", "south")
    clinics.cycle()
    touch_everything(clinics)
    assert waits(clinics) == {"begun": None, "to-far": HISTORY}
