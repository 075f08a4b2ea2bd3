"""B53, X1: halves that a lost server made and that reached nobody are made again by the one that takes its place."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from central import decisions
from central.admission.repairs.steps import texts_of
from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import restore_server
from central.verification.repair import plan_repair
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.dealing import invoice, invoice_line, responding_halves, responding_id, waits
from tests.central.small_network import NOW
from tests.network.verifying import found, verified


def lose_and_restore(clinics: Clinics) -> None:
    """The server is lost, and made again from its backup."""
    folder = clinics.folder
    shutil.rmtree(folder / "data")
    restore_server(plan_server(folder, chosen_backup(folder.parent / "backups", None)), now=NOW + timedelta(hours=1))


@pytest.fixture
def told(closed_clinics: Clinics) -> Clinics:
    """After the backup a transfer begins, and its sender alone is told that the other half was made."""
    begin(closed_clinics)
    return closed_clinics


def begin(clinics: Clinics) -> None:
    clinics.sync()
    clinics.sync()
    back_up(clinics.project, clinics.folder.parent / "backups", note=None, now=NOW)
    clinics.people_put("north", "invoice", invoice("issue", "NTH", "SDS"))
    clinics.people_put("north", "invoice_line", invoice_line("issue-1", "issue"))
    clinics.sync("central", "north")
    clinics.sync("central", "north")
    assert responding_halves(clinics, "south", "stock_transfer", "issue") == 0
    assert clinics.rows("north", "invoice", "linked_invoice_id", "id = 'issue'") != [(None,)]
    clinics.people_run("north", "update invoice set comment = 'with its link' where id = 'issue'")


def test_b53_a_half_that_reached_its_sender_alone_is_made_again(told: Clinics) -> None:
    clinics = told
    lose_and_restore(clinics)
    for _ in range(4):
        clinics.sync()
    assert waits(clinics) == {"issue": None}
    half = responding_id(clinics, "issue")
    for site in ("south", "warehouse"):
        assert responding_halves(clinics, site, "stock_transfer", "issue") == 1, site
    assert clinics.rows("south", "invoice", "number", f"id = '{half}'") == [(1,)]
    assert len(clinics.rows("south", "invoice_line", "id", f"invoice_id = '{half}'")) == 1
    for table in ("invoice", "invoice_line"):
        everywhere = {row[0] for row in clinics.warehouse(f"select id from replica.{table}")}
        assert {row[0] for row in clinics.rows("north", table, "id")} <= everywhere
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}


@pytest.mark.long
def test_b30_b53_a_half_that_its_store_deleted_is_not_made_again(told: Clinics) -> None:
    """It reached its store, which deleted it, and the lost server heard of that or did not."""
    clinics = told
    clinics.sync()
    half = responding_id(clinics, "issue")
    clinics.people_run("south", f"delete from invoice_line where invoice_id = '{half}'")
    clinics.people_run("south", f"delete from invoice where id = '{half}'")
    lose_and_restore(clinics)
    for _ in range(4):
        clinics.sync()
    assert responding_halves(clinics, "south", "stock_transfer", "issue") == 0
    assert responding_halves(clinics, "warehouse", "stock_transfer", "issue") == 0
    assert waits(clinics) == {"issue": None}
    assert clinics.rows("north", "invoice_line", "id", f"invoice_id = '{half}'") == []
    assert clinics.rows("north", "invoice", "id", f"id = '{half}'") == []


@pytest.mark.long
@pytest.mark.parametrize("first", [None, "north", "south"])
def test_b53_a_half_stays_where_it_is_though_another_site_deleted_its_copy(told: Clinics, first: str | None) -> None:
    """Whichever of both is read first by the server that takes the place of the lost one."""
    clinics = told
    clinics.sync()
    half = responding_id(clinics, "issue")
    clinics.people_run("north", f"delete from invoice_line where invoice_id = '{half}'")
    clinics.people_run("north", f"delete from invoice where id = '{half}'")
    lose_and_restore(clinics)
    if first:
        clinics.sync("central", first)
        clinics.sync("central", first)
    for _ in range(4):
        clinics.sync()
    assert waits(clinics) == {"issue": None}
    for site in ("south", "north", "warehouse"):
        assert responding_halves(clinics, site, "stock_transfer", "issue") == 1, site
    assert len(clinics.rows("south", "invoice_line", "id", f"invoice_id = '{half}'")) == 1


@pytest.mark.long
def test_o6_a_copy_of_a_half_that_nobody_makes_again_is_found_and_goes_with_its_lines(told: Clinics) -> None:
    """Its sender deleted the document before the server that takes the place of the lost one heard of either."""
    clinics = told
    clinics.people_run("north", "delete from invoice_line where id = 'issue-1'")
    clinics.people_run("north", "delete from invoice where id = 'issue'")
    lose_and_restore(clinics)
    for _ in range(3):
        clinics.sync()
    half = clinics.rows("north", "invoice", "id", "type = 'supplier_invoice'")[0][0]
    line = clinics.rows("north", "invoice_line", "id", f"invoice_id = '{half}'")[0][0]
    assert found(clinics.project) == [f"north: invoice {half} extra []", f"north: invoice_line {line} extra []"]
    for one in verified(clinics.project):
        decisions.write_decision(clinics.project.pulls, DecisionKind.REPAIR, one.site.code, reason=None, now=NOW,
                                 decided_by="ana", records=texts_of(plan_repair(one, None).steps))  # fmt: skip
    clinics.sync()
    clinics.sync()
    assert found(clinics.project) == []
    assert clinics.rows("north", "invoice", "id") == clinics.rows("north", "invoice_line", "id") == []
