"""B59: a record that stops leaving its site is withdrawn from the warehouse and the collectors in that cycle, and comes
back whole when it leaves again. NDB keeps its stock records to itself; NDS, of the same site, does not."""

from __future__ import annotations

import pytest

from central import decisions
from central.explain.record import explain
from sync_rules import egress
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.dealing import invoice, invoice_line
from tests.central.small_network import NOW, stock_line
from warehouse.connection import open_warehouse

EVERYWHERE = {"north", "south", "warehouse"}
HELD_BACK = "select table_name, record_id, reason from ledger.quarantine"
COUNT = {"id": "count", "store_id": "NDS", "status": "new", "number": 1}
COUNTED = {"id": "counted", "stocktake_id": "count", "item_id": "amoxicillin"}


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    """South keeps its own dispensary's stock to itself too."""
    either_clinics.configure(NDB={"include_transactions": False}, SDS={"include_transactions": False})
    either_clinics.cycle()
    return either_clinics


def test_b59_a_row_that_passes_to_a_store_whose_data_stays_is_withdrawn_and_comes_back(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == EVERYWHERE
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}
    project = clinics.project
    with open_warehouse(project.warehouse, project.schema) as con:
        found = explain(con, project, "stock_line", "stock-NDS-1", project.topology.sites)
    assert (found.state, "leaves it no longer" in found.entries[-1].words) == ("withdrawn", True)
    clinics.people_run("north", "update stock_line set store_id = 'NDS' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == EVERYWHERE
    assert clinics.warehouse(HELD_BACK) == []


def test_b59_lines_go_and_come_with_their_document_though_nobody_touched_them(clinics: Clinics) -> None:
    clinics.people_put("north", "stocktake", COUNT)
    clinics.people_put("north", "stocktake_line", COUNTED)
    clinics.cycle()
    assert clinics.where("stocktake_line", "counted") == EVERYWHERE
    clinics.people_run("north", "update stocktake set store_id = 'NDB' where id = 'count'")
    clinics.cycle()
    assert clinics.where("stocktake", "count") == {"north"}
    assert clinics.where("stocktake_line", "counted") == {"north"}
    clinics.people_run("north", "update stocktake_line set batch = 'again' where id = 'counted'")
    clinics.cycle()
    clinics.people_run("north", "update stocktake set store_id = 'NDS' where id = 'count'")
    clinics.cycle()
    assert clinics.where("stocktake", "count") == EVERYWHERE
    assert clinics.where("stocktake_line", "counted", "batch = 'again'") == EVERYWHERE
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b59_a_document_that_waited_and_stays_now_waits_no_longer(clinics: Clinics) -> None:
    clinics.people_put("north", "item", {"id": "new", "code": "N", "name": "New", "unit_id": "tablet"})
    clinics.people_put("north", "stocktake", COUNT)
    clinics.people_put("north", "stocktake_line", {**COUNTED, "item_id": "new"})
    clinics.cycle()
    assert {"stocktake", "stocktake_line"} <= {row[0] for row in clinics.warehouse(HELD_BACK)}
    clinics.people_run("north", "update stocktake set store_id = 'NDB' where id = 'count'")
    clinics.cycle()
    waiting = f"{HELD_BACK} where state = 'open' and table_name like 'stocktake%'"
    assert clinics.warehouse(waiting) == []
    assert clinics.where("stocktake", "count") == {"north"}


@pytest.mark.long
def test_b59_nobody_withdraws_what_is_anothers(clinics: Clinics) -> None:
    """South, whose stock never leaves it, passes its copy of a row of NDS to its own store: it says nothing."""
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    clinics.people_run("south", "update stock_line set store_id = 'SDS' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1", "store_id = 'NDS'") >= {"north", "warehouse"}
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b59_a3_who_asks_for_it_is_refused_and_gets_it_again(clinics: Clinics) -> None:
    """North passes its copy of a row of SDS to NDB, of its two stores the one whose data stays."""
    clinics.configure(NDB={"include_transactions": False}, SDS={"collector_on": ["north"]})
    clinics.people_put("south", "stock_line", stock_line(1, "SDS"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("stock_line", "stock-SDS-1") == EVERYWHERE
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-SDS-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-SDS-1", "store_id = 'SDS'") == EVERYWHERE
    assert clinics.warehouse("select op, reason from ledger.quarantine") == [("withdraw", "not_owner")]


def test_b59_what_never_left_leaves_no_trace(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock_line(1, "NDB"))
    clinics.cycle()
    before = clinics.warehouse("select last_seq from ledger.counter")
    clinics.people_run("north", "update stock_line set total_packs = 7 where id = 'stock-NDB-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDB-1") == {"north"}
    assert clinics.warehouse("select last_seq from ledger.counter") == before
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b59_r6_what_refers_to_it_does_not_keep_it_in_the_warehouse(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.people_put("north", "stocktake", COUNT)
    clinics.people_put("north", "stocktake_line", {**COUNTED, "stock_line_id": "stock-NDS-1"})
    clinics.cycle()
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert "warehouse" not in clinics.where("stock_line", "stock-NDS-1")
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b59_r2_nobody_takes_over_what_is_withdrawn_in_the_same_cycle(clinics: Clinics) -> None:
    clinics.configure(NDB={"include_transactions": False})
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-NDS-1'")
    clinics.people_run("south", "update stock_line set store_id = 'SDS' where id = 'stock-NDS-1'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}
    assert clinics.warehouse("select reason from ledger.quarantine") == [("takes_over",)]


def test_b59_r2_a_record_given_to_a_quiet_store_of_another_site_is_refused(clinics: Clinics) -> None:
    """It is nothing that the other store keeps to itself: who may not give it away is told so."""
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    clinics.people_run("north", "update stock_line set store_id = 'SDS' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1", "store_id = 'NDS'") == EVERYWHERE
    assert clinics.warehouse("select op, reason from ledger.quarantine") == [("upsert", "gives_away")]


@pytest.mark.long
def test_b59_a2_a_refused_withdrawal_is_no_matter_once_its_site_was_put_right(clinics: Clinics) -> None:
    clinics.configure(NDB={"include_transactions": False}, SDS={"collector_on": ["north"]})
    clinics.people_put("south", "stock_line", stock_line(1, "SDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-SDS-1'")
    clinics.cycle()
    [(entry,)] = clinics.warehouse("select id from ledger.quarantine where state = 'open'")
    decisions.write_decision(clinics.project.pulls, DecisionKind.ADMIT, "north", reason="so be it", now=NOW,
                             decided_by="somebody", entry=entry)  # fmt: skip
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("stock_line", "stock-SDS-1", "store_id = 'SDS'") == EVERYWHERE
    assert clinics.warehouse(f"{HELD_BACK} where state = 'open'") == []


@pytest.mark.long
def test_b59_lines_that_come_along_and_are_known_enter_nothing(clinics: Clinics) -> None:
    clinics.people_put("north", "stocktake", COUNT)
    clinics.people_put("north", "stocktake_line", COUNTED)
    clinics.cycle()
    clinics.cycle()
    [(before,)] = clinics.warehouse("select last_seq from ledger.counter")
    clinics.people_run("north", "update stocktake set number = 2 where id = 'count'")
    clinics.cycle()
    assert clinics.warehouse("select kind, table_name from ledger.sequence where seq > (select last_seq - 1 from "
                             "ledger.counter)") == [("change", "stocktake")]  # fmt: skip
    assert clinics.warehouse("select last_seq from ledger.counter") == [(before + 1,)]


@pytest.mark.long
def test_b59_what_stopped_leaving_under_an_older_version_is_withdrawn_by_the_next_pull(
    clinics: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    monkeypatch.setattr("sync_rules.egress._may_turn", lambda *_: False)
    egress.each_leaving.cache_clear()
    clinics.people_run("north", "update stock_line set store_id = 'NDB' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert "warehouse" in clinics.where("stock_line", "stock-NDS-1")
    monkeypatch.undo()
    egress.each_leaving.cache_clear()
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        con.execute("update ledger.site set capture = null")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}


@pytest.mark.long
def test_b59_a_half_that_is_no_half_any_more_is_not_said_to_be_deleted(clinics: Clinics) -> None:
    """Precision 34: for the transfer it counts as deleted. NDB keeps its invoices to itself, but for halves (B22)."""
    clinics.people_put("north", "invoice", invoice("issue", "NDB", "SDS"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("invoice", "issue") >= {"north", "warehouse"}
    clinics.people_run("north", "update invoice set status = 'new' where id = 'issue'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("invoice", "issue") == clinics.where("invoice_line", "issue-1") == {"north"}
    assert clinics.warehouse("select is_deleted from ledger.transfer") == [(True,)]
    project = clinics.project
    with open_warehouse(project.warehouse, project.schema) as con:
        found = explain(con, project, "invoice", "issue", project.topology.sites)
    assert (found.state, "leaves it no longer" in found.entries[-1].words) == ("withdrawn", True), found.entries
