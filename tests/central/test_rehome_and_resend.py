"""O4, O8: what an operator sends again, and whom they give another home."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from central.decisions import write_decision
from sites.engines.connection import open_site
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.copies import lose_warehouse
from tests.central.small_network import NOW


@pytest.fixture(params=["north", pytest.param("south", marks=pytest.mark.long)])
def clinics(request: pytest.FixtureRequest, copy_clinics: Callable[[str], Clinics]) -> Clinics:
    """Ana and Ben at home in NDS on north, with a prescription."""
    found = copy_clinics(request.param)
    found.people_put("north", "patient", patient("ana", "NDS"), patient("ben", "NDS"))
    found.people_put("north", "patient_store_join", seen("ana", "NDS"), seen("ben", "NDS"))
    found.people_put("north", "prescription", prescription("rx", "NDS", "ana"))
    found.sync()
    found.sync()
    return found


def rehome(clinics: Clinics, ids: Sequence[str], store: str) -> None:
    write_decision(clinics.project.pulls, DecisionKind.REHOME, "", reason="moved", now=NOW, decided_by="op",
                   record_id=f"patient:{store}", records=ids)  # fmt: skip


def resend(clinics: Clinics, site: str, what: str) -> None:
    write_decision(clinics.project.pulls, DecisionKind.RESEND, site, reason=None, now=NOW, decided_by="op",
                   record_id=what)  # fmt: skip


def home(clinics: Clinics, who: str) -> str:
    [(store,)] = clinics.warehouse(f"select home_store_id from replica.patient where id = '{who}'")
    return str(store)


def test_o8_a_patient_gets_another_home_and_is_edited_there(clinics: Clinics) -> None:
    rehome(clinics, ["ana"], "SDS")
    clinics.people_run("north", "update patient set first_name = 'Ana' where id = 'ana'")  # and comes first
    clinics.sync()
    assert (home(clinics, "ana"), home(clinics, "ben")) == ("SDS", "NDS")
    assert clinics.warehouse("select first_name from replica.patient where id = 'ana'") == [("Ana",)]
    assert clinics.rows("north", "patient", "home_store_id", "id = 'ana'") == [("SDS",)]
    assert clinics.rows("south", "patient", "first_name, home_store_id", "id = 'ana'") == [("Ana", "SDS")]
    clinics.people_run("south", "update patient set last_name = 'Southern' where id = 'ana'")
    clinics.people_run("north", "update patient set last_name = 'Northern' where id = 'ben'")
    clinics.people_run("north", "update patient set last_name = 'Northern' where id = 'ana'")
    clinics.sync()
    names = clinics.warehouse("select id, last_name from replica.patient order by id")
    assert names == [("ana", "Southern"), ("ben", "Northern")]
    assert clinics.reasons("patient") == {"ana": "not_home_site"}


@pytest.mark.long
def test_o8_it_waits_for_the_site_that_edits_the_patient_now(clinics: Clinics) -> None:
    rehome(clinics, ["ana"], "SDS")
    clinics.people_run("north", "update patient set first_name = 'Ana' where id = 'ana'")
    clinics.sync("central", "south")
    assert home(clinics, "ana") == "NDS"
    clinics.sync()
    assert home(clinics, "ana") == "SDS"
    assert clinics.reasons("patient") == {}
    clinics.sync()
    assert clinics.warehouse("select count(*) from ledger.rehome where cycle is null") == [(0,)]


@pytest.mark.long
def test_b8_a_lost_warehouse_gives_the_same_homes(clinics: Clinics) -> None:
    rehome(clinics, ["ana", "ben"], "SDS")
    clinics.sync()
    lose_warehouse(clinics.project.warehouse)
    clinics.sync()
    assert (home(clinics, "ana"), home(clinics, "ben")) == ("SDS", "SDS")


LOST = {"prescription": "rx", "patient_store_join": "ana-in-NDS", "patient": "ana", "item": "paracetamol"}
AGAIN = {
    "everything:": set(LOST),
    "patient:ana": {"prescription", "patient", "patient_store_join"},
    "table:item": {"item"},
}


@pytest.mark.parametrize(
    "what", [pytest.param(one, marks=[pytest.mark.long] * (one != "patient:ana")) for one in AGAIN]
)
def test_o4_what_a_site_lost_is_sent_again(clinics: Clinics, what: str) -> None:
    """Somebody took it out of the site's database so that no trigger saw it."""
    with open_site(clinics.urls["south"], clinics.folder) as db, db.transaction(write=True):
        db.mark_delivery(is_delivery=True)
        for table, record_id in LOST.items():
            db.execute(f"delete from {table} where id = '{record_id}'")
        db.mark_delivery(is_delivery=False)
    clinics.sync()
    assert there(clinics) == set()
    resend(clinics, "south", what)
    clinics.sync()
    assert there(clinics) == AGAIN[what]
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


def there(clinics: Clinics) -> set[str]:
    return {table for table, record_id in LOST.items() if clinics.rows("south", table, "id", f"id = '{record_id}'")}
