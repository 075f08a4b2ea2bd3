"""B57 at central: a table that was read whole because its capture was interrupted is compared with what central holds
of it from that site. `north` is on the engine asked for."""

from __future__ import annotations

import pytest

from central import decisions
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.small_network import NOW, stock_line

EVERYWHERE = {"north", "south", "warehouse"}
HELD_BACK = "select table_name, record_id, reason from ledger.quarantine where state = 'open' order by all"
FOUND = "select table_name, made, changed, deleted, put_right, is_held from ledger.gap order by cycle, table_name"


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    """Both dispensaries of `north` have stock; `south` collects that of NDS."""
    either_clinics.people_put("north", "stock_line", *(stock_line(number, "NDS") for number in (1, 2, 3)))
    either_clinics.cycle()
    either_clinics.cycle()
    return either_clinics


def unlogged(clinics: Clinics, *statements: str, site: str = "north") -> None:
    """What a program does while capture is away."""
    with open_site(clinics.urls[site], clinics.folder) as db:
        triggers.remove(db)
        db.script(statements)
        triggers.install(db, SCHEMA)


def test_b57_what_was_made_changed_and_deleted_meanwhile_arrives(clinics: Clinics) -> None:
    unlogged(
        clinics,
        "update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-2'",
        "insert into stock_line (id, store_id, item_id, pack_size, total_packs, available_packs) "
        "values ('stock-NDS-9', 'NDS', 'amoxicillin', 1, 5, 5)",
    )
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1", "batch = 'meanwhile'") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-2") == set()
    assert clinics.where("stock_line", "stock-NDS-9") == EVERYWHERE
    assert clinics.warehouse(HELD_BACK) == []
    assert ("stock_line", 1, 1, 1, 0, False) in clinics.warehouse(FOUND)
    before = clinics.warehouse("select last_seq from ledger.counter")
    clinics.cycle()
    clinics.cycle()
    assert clinics.warehouse("select last_seq from ledger.counter") == before


@pytest.mark.long
def test_b57_nothing_happened_and_nothing_is_entered(clinics: Clinics) -> None:
    before = clinics.warehouse("select last_seq from ledger.counter")
    unlogged(clinics)
    clinics.cycle()
    assert clinics.warehouse("select last_seq from ledger.counter") == before
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b57_what_is_anothers_is_put_right_without_a_verdict(clinics: Clinics) -> None:
    """South has a copy of the stock of NDS, and the items of primary."""
    unlogged(
        clinics,
        "update stock_line set batch = 'mine' where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-2'",
        "update item set name = 'Mine' where id = 'paracetamol'",
        site="south",
    )
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1", "batch is null or batch <> 'mine'") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-2") == EVERYWHERE
    assert clinics.rows("south", "item", "name", "id = 'paracetamol'") != [("Mine",)]
    assert clinics.warehouse(HELD_BACK) == []
    assert ("stock_line", 0, 0, 0, 2, False) in clinics.warehouse(FOUND)


@pytest.mark.long
def test_b57_what_is_under_way_to_the_site_is_no_delete(clinics: Clinics) -> None:
    """Primary made an item and renamed another that north was not sent yet."""
    clinics.people_put("central", "item", {"id": "zinc", "code": "ZINC", "name": "Zinc", "unit_id": "tablet"})
    clinics.people_run("central", "update item set name = 'Renamed' where id = 'paracetamol'")
    clinics.cycle("central")
    unlogged(clinics, "update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.where("item", "zinc") >= EVERYWHERE
    assert clinics.rows("north", "item", "name", "id = 'paracetamol'") == [("Renamed",)]
    assert clinics.warehouse(HELD_BACK) == []


@pytest.mark.long
def test_b57_a_record_nobody_may_make_is_listed(clinics: Clinics) -> None:
    unlogged(clinics, "insert into item (id, code, name, unit_id) values ('own', 'OWN', 'Own', 'tablet')")
    clinics.cycle()
    assert clinics.warehouse(HELD_BACK) == [("item", "own", "not_primary")]
    assert clinics.rows("north", "item", "name", "id = 'own'") == [("Own",)]


@pytest.mark.long
def test_b57_a_mass_change_waits_until_somebody_releases_it(clinics: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.admission.gaps.MOST_ROWS", 1)
    unlogged(
        clinics,
        "delete from stock_line where id in ('stock-NDS-2', 'stock-NDS-3')",
        "insert into stock_line (id, store_id, item_id, pack_size, total_packs, available_packs) "
        "values ('stock-NDS-9', 'NDS', 'amoxicillin', 1, 5, 5)",
    )
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-2") == {"south", "warehouse"}
    assert clinics.where("stock_line", "stock-NDS-9") == EVERYWHERE  # the rest goes on
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-3") == {"south", "warehouse"}
    decisions.write_decision(
        clinics.project.pulls, DecisionKind.RELEASE, "north", reason="it is so", now=NOW, decided_by="somebody"
    )
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-2") == set()
    assert clinics.where("stock_line", "stock-NDS-3") == set()
    assert [row[-1] for row in clinics.warehouse(FOUND) if row[0] == "stock_line"] == [True, True, False], FOUND
    clinics.cycle()
    assert clinics.warehouse("select count(*) from ledger.gap where is_held") == [(2,)]


@pytest.mark.long
def test_a5_a_document_is_held_with_its_lines_and_what_is_held_is_not_said_to_be_admitted(
    clinics: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinics.people_put("north", "invoice", {"id": "v", "store_id": "NDS", "type": "customer_invoice", "status": "new"})
    lines = [{"id": f"v{number}", "invoice_id": "v", "item_id": "amoxicillin"} for number in range(3)]
    clinics.people_put("north", "invoice_line", *lines)
    clinics.cycle()
    monkeypatch.setattr("central.admission.gaps.MOST_ROWS", 1)
    unlogged(clinics, "delete from invoice_line", "delete from invoice")
    visit = "select admitted, rejected, waiting from ledger.visit as v join ledger.site as s using (site_id) " \
            "where site_code = 'north' order by v.cycle desc limit 1"  # fmt: skip
    for _ in range(2):
        clinics.cycle()
        assert clinics.warehouse("select count(*) from replica.invoice") == [(1,)]
        assert clinics.warehouse("select count(*) from replica.invoice_line") == [(3,)]
        [(_, rejected, waiting)] = clinics.warehouse(visit)
        assert (rejected, waiting) == (0, 4)
    decisions.write_decision(
        clinics.project.pulls, DecisionKind.RELEASE, "north", reason="it is so", now=NOW, decided_by="somebody"
    )
    clinics.cycle()
    assert clinics.where("invoice", "v") == clinics.where("invoice_line", "v1") == set()
    assert clinics.warehouse(visit)[0][2] == 0


@pytest.mark.long
def test_b57_a_release_is_for_its_own_site(clinics: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    """Central, which is judged first, has a gap in the same cycle."""
    monkeypatch.setattr("central.admission.gaps.MOST_ROWS", 1)
    unlogged(clinics, "delete from stock_line where id in ('stock-NDS-2', 'stock-NDS-3')")
    clinics.cycle()
    unlogged(clinics, site="central")
    decisions.write_decision(
        clinics.project.pulls, DecisionKind.RELEASE, "north", reason="it is so", now=NOW, decided_by="somebody"
    )
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-2") == set()
