"""The quarantine by hand (A2): admitting what was cured, discarding what is not wanted."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from central import decisions
from central.cycle.pull import pull_sites
from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next
from central.explain.waits import missing
from tests.central.clinics import Clinics, patient, seen
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse
from wire.whole_files import write_first

ORDER = {"id": "po", "store_id": "NDS", "number": 1}
LINES = [{"id": f"pol{n}", "purchase_order_id": "po", "item_id": "amoxicillin"} for n in (1, 2)]


def decide(clinics: Clinics, kind: str, entry: int, reason: str = "as agreed") -> None:
    decisions.write_decision(
        clinics.project.pulls, kind, "north", reason=reason, now=NOW, decided_by="ana@office", entry=entry
    )


def entry_of(clinics: Clinics, table: str, record_id: str) -> int:
    """The last entry about a record."""
    [(entry,)] = clinics.warehouse(
        f"select max(id) from ledger.quarantine where table_name = '{table}' and record_id = '{record_id}'"
    )
    return int(entry)


def entries(clinics: Clinics, table: str) -> list[tuple[Any, ...]]:
    return clinics.warehouse(
        f"select record_id, state, reason from ledger.quarantine where table_name = '{table}' order by id"
    )


@pytest.fixture
def refused(clinics: Clinics) -> Clinics:
    """An order of north that was rejected with its lines: procurement is centralised."""
    clinics.configure({"centralised_procurement": True})
    clinics.cycle()
    clinics.people_put("north", "purchase_order", ORDER)
    clinics.people_put("north", "purchase_order_line", *LINES)
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"po": "centralised_procurement"}
    assert set(clinics.reasons("purchase_order_line").values()) == {"parent_missing"}
    return clinics


def test_a2_a_cured_document_is_admitted_whole_and_reaches_its_collectors(refused: Clinics) -> None:
    refused.configure()
    refused.cycle()
    assert refused.where("purchase_order", "po") == {"north"}  # nobody asked for it
    decide(refused, "admit", entry_of(refused, "purchase_order_line", "pol1"))  # the whole document with it
    refused.cycle()
    for table, record in (("purchase_order", "po"), ("purchase_order_line", "pol1"), ("purchase_order_line", "pol2")):
        assert refused.where(table, record) == {"north", "south", "warehouse"}  # south collects NDS
    assert refused.reasons("purchase_order") == refused.reasons("purchase_order_line") == {}
    assert {state for _, state, _ in entries(refused, "purchase_order_line")} == {"admitted"}
    people_lines = refused.rows("north", "purchase_order_line", "id, item_id")
    refused.cycle()
    assert refused.rows("north", "purchase_order_line", "id, item_id") == people_lines
    last = "select sum(pulled), sum(sent) from ledger.visit where cycle = (select max(cycle) from ledger.cycle)"
    assert refused.warehouse(last) == [(0, 0)]


@pytest.mark.long
def test_a2_what_is_not_cured_stays_with_its_reason(refused: Clinics) -> None:
    first_seen = refused.warehouse("select id, first_seen_at, first_cycle from ledger.quarantine order by id")
    decide(refused, "admit", entry_of(refused, "purchase_order", "po"))
    refused.cycle()
    assert refused.reasons("purchase_order") == {"po": "centralised_procurement"}
    assert refused.where("purchase_order", "po") == {"north"}
    assert refused.warehouse("select id, first_seen_at, first_cycle from ledger.quarantine order by id") == first_seen


@pytest.mark.long
def test_a2_an_update_whose_copy_was_put_right_comes_back_when_it_is_admitted(clinics: Clinics) -> None:
    clinics.people_put("south", "patient", patient("ana", "SDS"))
    clinics.people_put("south", "repeat", {"id": "rep", "patient_id": "ana", "item_id": "amoxicillin", "remaining": 5})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "NDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("north", "update repeat set remaining = 4")
    clinics.cycle()
    assert clinics.reasons("repeat") == {"rep": "not_home_site"}
    assert clinics.rows("north", "repeat", "remaining") == [(5,)]
    clinics.configure({"repeats_anywhere": True})
    decide(clinics, "admit", entry_of(clinics, "repeat", "rep"))
    clinics.cycle()
    assert clinics.where("repeat", "rep", "remaining = 4") == {"central", "north", "south", "warehouse"}
    assert entries(clinics, "repeat") == [("rep", "admitted", "not_home_site")]


@pytest.mark.long
def test_a2_a_newer_version_from_the_site_is_judged_in_its_place(refused: Clinics) -> None:
    refused.configure()
    refused.people_put("north", "purchase_order", {**ORDER, "number": 2})
    decide(refused, "admit", entry_of(refused, "purchase_order", "po"))
    refused.cycle()
    assert refused.where("purchase_order", "po", "number = 2") == {"north", "south", "warehouse"}


@pytest.mark.long
def test_a2_a_discarded_insert_stays_at_its_site_and_does_not_come_back(clinics: Clinics) -> None:
    clinics.people_put("north", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    clinics.cycle()
    decide(clinics, "discard", entry_of(clinics, "item", "mine"), "it is in the list as AMOX")
    for _ in range(3):
        clinics.cycle()
    assert clinics.where("item", "mine") == {"north"}
    found = clinics.warehouse("select state, note, closed_by from ledger.quarantine where record_id = 'mine'")
    assert found == [("discarded", "it is in the list as AMOX", "ana@office")]
    clinics.people_run("north", "update item set name = 'Mine still' where id = 'mine'")  # judged on its own
    clinics.cycle()
    assert entries(clinics, "item") == [("mine", "discarded", "not_primary"), ("mine", "open", "not_primary")]


def test_a3_a_discarded_insert_is_removed_at_its_site_where_one_asks_for_it(refused: Clinics) -> None:
    decide(refused, "discard_at_site", entry_of(refused, "purchase_order", "po"))
    refused.cycle()
    assert refused.where("purchase_order", "po") == set()
    assert refused.rows("north", "purchase_order_line") == []  # they make no sense without it
    assert {state for _, state, _ in entries(refused, "purchase_order_line")} == {"discarded"}
    refused.cycle()
    assert refused.reasons("purchase_order") == refused.reasons("purchase_order_line") == {}


@pytest.mark.long
def test_a2_a_line_is_discarded_alone(refused: Clinics) -> None:
    decide(refused, "discard", entry_of(refused, "purchase_order_line", "pol1"))
    refused.cycle()
    states = [(record, state) for record, state, _ in entries(refused, "purchase_order_line")]
    assert states == [("pol1", "discarded"), ("pol2", "open")]


def test_a2_a_waiting_change_is_discarded_and_its_parent_may_come(clinics: Clinics) -> None:
    clinics.people_run("north", "insert into unit (id, name) values ('sack', 'sack')")
    clinics.people_put("north", "location", {"id": "shelf", "store_id": "NTH"})
    clinics.people_put("north", "stock_line", {"id": "sl", "store_id": "NTH", "item_id": "amoxicillin"})
    clinics.people_put("north", "item", {"id": "mine", "code": "MINE", "name": "Mine", "unit_id": "sack"})
    clinics.people_put("north", "stock_line", {"id": "waits", "store_id": "NTH", "item_id": "mine"})
    clinics.cycle()
    assert clinics.reasons("stock_line") == {"waits": "reference_missing"}
    waiting = entry_of(clinics, "stock_line", "waits")
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        item = entry_of_open(con, "item")
        assert missing(con, clinics.project) == {waiting: f"item mine (held back itself: {item})"}
    decide(clinics, "discard_at_site", waiting)
    clinics.people_put("central", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    clinics.cycle()
    assert clinics.where("stock_line", "waits") == set()
    assert clinics.where("item", "mine") == {"central", "north", "south", "warehouse"}


def entry_of_open(con: Any, table: str) -> int:
    [(found,)] = con.execute(
        "select id from ledger.quarantine where state = 'open' and table_name = ?", [table]
    ).fetchall()
    return int(found)


def test_a1_what_waits_says_what_it_waits_for(clinics: Clinics) -> None:
    clinics.people_put("central", "store", {"id": "NEW", "code": "NEW", "name_id": "name-CMS", "mode": "store"})
    clinics.people_put("north", "location", {"id": "unplaced", "store_id": "NEW"}, {"id": "unknown", "store_id": "ZZZ"})
    clinics.people_put("north", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    clinics.people_put("north", "invoice", {"id": "inv", "store_id": "NTH"})
    clinics.people_put("north", "invoice_line", {"id": "il", "invoice_id": "inv", "item_id": "mine"})
    clinics.cycle()
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        words = missing(con, clinics.project)
        rows = con.execute("select record_id, id from ledger.quarantine where verdict = 'waiting'").fetchall()
    said = {record: words[entry] for record, entry in rows}
    ids = dict(rows)
    item = entry_of(clinics, "item", "mine")
    assert said == {
        "unplaced": "topology.toml to place store NEW",
        "unknown": "the record of store ZZZ",
        "il": f"item mine (held back itself: {item})",
        "inv": f"the other parts of invoice inv ({ids['il']})",
    }


@pytest.mark.long
def test_a2_a_decision_given_twice_happens_once(refused: Clinics) -> None:
    refused.configure()
    entry = entry_of(refused, "purchase_order", "po")
    decide(refused, "admit", entry)
    decide(refused, "admit", entry)
    refused.cycle()
    changes = "select count(*) from ledger.sequence where record_id = 'po' and kind = 'change'"
    assert refused.warehouse(changes) == [(1,)]
    refused.people_put("north", "purchase_order", {**ORDER, "number": 2})
    refused.cycle()
    decide(refused, "admit", entry)  # closed long since: recorded, and nothing else
    decide(refused, "discard_at_site", entry)
    refused.cycle()
    assert refused.where("purchase_order", "po", "number = 2") == {"north", "south", "warehouse"}
    assert refused.warehouse("select kind from ledger.decision order by number") == [
        ("admit",), ("admit",), ("admit",), ("discard_at_site",)
    ]  # fmt: skip


@pytest.mark.long
def test_b8_a_decision_is_a_file_first_and_a_cycle_cut_off_acts_on_it_once(refused: Clinics) -> None:
    refused.configure()
    entry = entry_of(refused, "purchase_order", "po")
    minutes = count(100)
    decide(refused, "admit", entry)
    pull_sites(refused.project, now=NOW + timedelta(minutes=next(minutes)), asked_by="x")  # and the power goes
    decide(refused, "discard_at_site", entry)  # too late for the cycle that was pulled
    assert admit_next(Asked(refused.project, NOW))
    run_cycle(refused.project, now=NOW + timedelta(minutes=next(minutes)))
    assert refused.where("purchase_order", "po") == {"north", "south", "warehouse"}
    run_cycle(refused.project, now=NOW + timedelta(minutes=next(minutes)))
    assert refused.where("purchase_order", "po") == {"north", "south", "warehouse"}
    files = sorted((refused.project.pulls / "decisions").iterdir())
    assert [json.loads(file.read_text())["kind"] for file in files] == ["admit", "discard_at_site"]


def test_decisions_written_at_once_have_numbers_of_their_own(clinics: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes the number between looking and writing."""
    decide(clinics, "discard", 1)
    stale = iter([True])

    def write(target: Path, text: str) -> bool:
        if next(stale, False):
            write_first(target, text)  # the other process
        return write_first(target, text)

    monkeypatch.setattr("wire.whole_files.write_first", write)
    decide(clinics, "discard", 2)
    names = [file.name for file in sorted((clinics.project.pulls / "decisions").iterdir())]
    assert names == ["00000001.json", "00000002.json", "00000003.json"]
