"""B53, X1: halves that a lost server made and that reached nobody are made again by the one that takes its place."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import restore_server
from tests.central.clinics import Clinics
from tests.central.dealing import invoice, invoice_line, responding_halves, responding_id, waits
from tests.central.small_network import NOW


def lose_and_restore(clinics: Clinics) -> None:
    """The server is lost, and made again from its backup."""
    folder = clinics.folder
    shutil.rmtree(folder / "data")
    restore_server(plan_server(folder, chosen_backup(folder.parent / "backups", None)), now=NOW + timedelta(hours=1))


@pytest.fixture
def told(either_clinics: Clinics) -> Clinics:
    """After the backup a transfer begins, and its sender alone is told that the other half was made."""
    clinics = either_clinics
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
    return clinics


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
