"""B61: changes are judged by what is so after the pull of all sites, whatever order people worked in."""

from __future__ import annotations

import pytest

from central import decisions
from pipelines.cli.main import main
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription
from tests.central.small_network import NOW, stock_line

MERGE = {"id": "m", "kept_id": "name-NDS", "merged_id": "acme", "merged_at": "2026-11-24T10:00:00Z"}
OPEN = "select id, table_name, record_id, reason from ledger.quarantine where state = 'open' order by all"


def zinc_is_in_stock(clinics: Clinics) -> None:
    clinics.people_put("central", "item", {"id": "zinc", "code": "ZINC", "name": "Zinc", "unit_id": "tablet"})
    clinics.cycle()
    clinics.people_put("north", "stock_line", {**stock_line(1, "NDS"), "item_id": "zinc"})
    clinics.cycle()


def shown(clinics: Clinics, entry: int, capsys: pytest.CaptureFixture[str]) -> str:
    """What `rejected show` says."""
    capsys.readouterr()
    assert main(["rejected", "show", str(entry), "-C", str(clinics.folder)]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.long
def test_r6_a_record_goes_with_what_another_site_deletes_in_the_same_cycle(either_clinics: Clinics) -> None:
    clinics = either_clinics
    zinc_is_in_stock(clinics)
    clinics.people_run("central", "delete from item where id = 'zinc'")
    clinics.people_run("north", "delete from stock_line where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("item", "zinc") == clinics.where("stock_line", "stock-NDS-1") == set()
    assert clinics.warehouse(OPEN) == []


@pytest.mark.long
def test_r6_what_central_deletes_frees_what_another_site_deletes_in_the_same_cycle(clinics: Clinics) -> None:
    """Central's document and its visibility go before north's patient; a new document keeps the next patient."""
    for one in ("p-1", "p-2"):
        clinics.people_put("north", "patient", patient(one, "NDS"))
    clinics.cycle()
    clinics.people_put("central", "prescription", prescription("rx-1", "CMS", "p-1"))
    clinics.people_put("central", "prescription_line", {"id": "rx-1-1", "prescription_id": "rx-1", "packs": 3})
    clinics.cycle()
    for table in ("prescription_line", "prescription", "patient_store_join"):
        clinics.people_run("central", f"delete from {table}")
    clinics.people_put("central", "prescription", prescription("rx-2", "CMS", "p-2"))
    clinics.people_run("north", "delete from patient_store_join")
    clinics.people_run("north", "delete from patient")
    clinics.cycle()
    assert clinics.reasons("patient") == {"p-2": "still_referenced"}
    assert "warehouse" not in clinics.where("patient", "p-1") | clinics.where("prescription", "rx-1")
    assert clinics.where("patient", "p-2") >= {"north", "warehouse"}
    assert "warehouse" in clinics.where("prescription", "rx-2")


@pytest.mark.long
def test_r6_a_record_stays_for_what_another_site_makes_in_the_same_cycle(clinics: Clinics) -> None:
    """North's line waits for nothing: primary's delete is refused, and its item comes back."""
    zinc_is_in_stock(clinics)
    clinics.people_run("north", "update stock_line set item_id = 'amoxicillin'")
    clinics.people_put("north", "stock_line", {**stock_line(2, "NDS"), "item_id": "zinc"})
    clinics.people_run("central", "delete from item where id = 'zinc'")
    clinics.cycle()
    assert clinics.reasons("item") == {"zinc": "still_referenced"}
    assert clinics.where("item", "zinc") == {"central", "north", "south", "warehouse"}
    assert clinics.where("stock_line", "stock-NDS-2") == {"north", "south", "warehouse"}


@pytest.mark.long
def test_b35_a_merge_is_refused_by_what_is_open_which_is_named_and_not_by_history(
    clinics: Clinics, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is open is finished by one site, what is seen is unseen by another, in the cycle of the merge."""
    clinics.people_put("central", "name", {"id": "acme", "name": "Acme"})
    clinics.people_put("central", "name_store_join", {"id": "see", "name_id": "acme", "store_id": "NDS"})
    clinics.cycle()
    asked = {"store_id": "NDS", "other_name_id": "acme", "type": "request", "number": 1}
    clinics.people_put("north", "requisition", {"id": "old", **asked, "status": "finalised"})
    clinics.people_put("north", "requisition", {"id": "open", **asked, "status": "new"})
    clinics.cycle()
    clinics.people_put("central", "name_merge", MERGE)
    clinics.cycle()
    [(entry, *refused)] = clinics.warehouse(OPEN)
    assert refused == ["name_merge", "m", "own_customer"]
    in_the_way = "in the way name_store_join see of store NDS, requisition open of store NDS first seen"
    assert in_the_way in shown(clinics, entry, capsys)
    clinics.people_run("north", "update requisition set status = 'finalised' where id = 'open'")
    clinics.people_run("central", "delete from name_store_join where id = 'see'")
    decisions.write_decision(
        clinics.project.pulls, DecisionKind.ADMIT, "central", entry=entry, reason="cured", now=NOW, decided_by="me"
    )
    clinics.cycle()
    assert clinics.warehouse(OPEN) == []
    assert clinics.where("name", "acme") == set()
    named = clinics.warehouse("select id, other_name_id from replica.requisition order by 1")
    assert named == [("old", "name-NDS"), ("open", "name-NDS")]
    assert clinics.warehouse("select count(*) from ledger.transfer") == [(0,)]  # nobody sends to themselves
