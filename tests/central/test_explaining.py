"""What `explain` reads of records at the edge (O7): withheld, moved by visibility, skipped, shared, merged."""

from __future__ import annotations

import pytest

from central.explain.explanation import AtSite, Explanation
from central.explain.record import explain
from sync_rules.for_people.reasons import reason_words
from tests.central.clinics import Clinics, patient, prescription, seen
from warehouse.connection import open_warehouse


def explained(clinics: Clinics, table: str, record_id: str) -> Explanation:
    project = clinics.project
    with open_warehouse(project.warehouse, project.schema) as con:
        return explain(con, project, table, record_id, project.topology.sites)


def sites(found: Explanation) -> dict[str, AtSite]:
    return {one.site: one for one in found.sites}


def verdicts(found: Explanation) -> dict[str, str | None]:
    """`yes`, or the reason code, by site."""
    return {
        one.site: "yes" if one.may_edit.verdict == "admitted" else one.may_edit.reason
        for one in found.sites
        if one.may_edit
    }


@pytest.mark.long
def test_o7_a_patient_is_where_it_is_seen_and_treated(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "patient_store_join", seen("ana", "NDS"))
    clinics.people_put("south", "patient", patient("ben", "SDS"))
    clinics.people_put("north", "patient", patient("eva", "NTH"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("eva", "SDS"))
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "eva"))
    clinics.cycle()
    clinics.cycle()
    ana, ben, eva = (explained(clinics, "patient", one) for one in ("ana", "ben", "eva"))
    assert "patient ana is visible in store NDS, collected here" in sites(ana)["south"].because
    assert verdicts(ana) == {"central": "not_home_site", "north": "yes", "south": "not_home_site"}
    assert ana.whose is not None
    assert (ana.whose.owner, ana.whose.home_site) == ("home store NDS", "north")
    assert not sites(ben)["north"].belongs
    assert set(sites(eva)["south"].because) == {
        "patient eva is visible in store SDS, active here",
        "patient eva is visible in store NDS, collected here",  # a dispensary of the home site (B24)
        "store NDS, collected here, has a prescription for patient eva",
    }


@pytest.mark.long
def test_o7_an_edit_that_was_not_seen_yet_is_foretold(clinics: Clinics) -> None:
    """R8: the verdict is that of the pipeline, which knows what each site was sent."""
    clinics.configure({"repeats_anywhere": True})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "repeat", {"id": "rep", "patient_id": "ana", "item_id": "amoxicillin"})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    assert verdicts(explained(clinics, "repeat", "rep")) == {"central": "not_home_site", "north": "yes", "south": "yes"}
    clinics.people_run("north", "update repeat set remaining = 4")
    clinics.cycle("central", "north")
    assert verdicts(explained(clinics, "repeat", "rep"))["south"] == "edited_elsewhere"


@pytest.mark.long
def test_o7_what_stays_at_its_site_is_unknown_for_a_reason(clinics: Clinics) -> None:
    clinics.configure(NDS={"include_transactions": False})
    clinics.people_put("north", "stock_line", {"id": "sl", "store_id": "NDS", "item_id": "amoxicillin"})
    clinics.cycle()
    found = explained(clinics, "stock_line", "sl")
    assert found.state == "unknown"
    assert any(
        "keep records of this kind to themselves, but for transfers" in note and "NDS" in note for note in found.notes
    )
    assert not any("NDS" in note for note in explained(clinics, "location", "no such").notes)


@pytest.mark.long
def test_o7_a_record_that_could_not_be_removed_is_said_to_be_there(clinics: Clinics) -> None:
    clinics.configure(SDS={"include_transactions": False})
    for store in ("NDS", "NDB"):
        clinics.people_put("central", "store_preference", {"id": store, "show_new_patients": False})
    clinics.cycle()
    clinics.people_put("north", "patient", patient("ana", "NTH"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "ana"))
    clinics.people_run("central", "delete from patient_store_join where id = 'ana-in-SDS'")
    clinics.cycle()
    south = sites(explained(clinics, "patient", "ana"))["south"]
    assert (south.belongs, south.left_behind, south.has_it) == (False, True, True)


@pytest.mark.long
def test_o7_a_switch_decides_who_may_edit(clinics: Clinics) -> None:
    clinics.people_put("north", "purchase_order", {"id": "po", "store_id": "NDS", "status": "finalised"})
    clinics.cycle()
    assert verdicts(explained(clinics, "purchase_order", "po"))["north"] == "yes"
    clinics.configure({"centralised_procurement": True})
    clinics.cycle()
    assert verdicts(explained(clinics, "purchase_order", "po"))["north"] == "centralised_procurement"


@pytest.mark.long
def test_o7_what_a_site_does_with_its_own_copy_is_not_sent(clinics: Clinics) -> None:
    clinics.people_put("central", "preference", {"id": "near", "key": "near_expiry_days", "value": "90"})
    clinics.people_put("north", "user_account", {"id": "user", "name": "ana"})
    clinics.cycle()
    preference, user = explained(clinics, "preference", "near"), explained(clinics, "user_account", "user")
    assert {one.site: one.may_edit.verdict for one in preference.sites if one.may_edit} == {
        "central": "admitted", "north": "stays", "south": "stays"
    }  # fmt: skip
    assert {one.site for one in user.sites if one.belongs} == {"north"}


@pytest.mark.parametrize("code", ["undecided", ""])
def test_a_code_of_another_version_has_words(code: str) -> None:
    assert "another version" in reason_words(code).words
