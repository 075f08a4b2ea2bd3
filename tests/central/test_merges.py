"""Merges of records, end to end on both engines: sites, warehouse, late references, chains (spec section 7, B35)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.small_network import stock_line

EVERYWHERE = {"central", "north", "south", "warehouse"}


def item(record_id: str) -> dict[str, str]:
    return {"id": record_id, "code": record_id, "name": record_id, "unit_id": "tablet"}


def merge(record_id: str, kept: str, merged: str, **more: str) -> dict[str, object]:
    """A merge of two records."""
    return {"id": record_id, "kept_id": kept, "merged_id": merged, "merged_at": "2026-11-24T10:00:00Z", **more}


def named(clinics: Clinics, table: str, column: str) -> dict[str, set[object]]:
    """What a column says, at each site that has rows of the table, and in the warehouse."""
    places = {site: {row[0] for row in clinics.rows(site, table, column)} for site in ("central", "north", "south")}
    places["warehouse"] = {row[0] for row in clinics.warehouse(f"select {column} from replica.{table}")}
    return {place: values for place, values in places.items() if values}


def test_section_7_merged_items_are_one_item_everywhere(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.people_put("central", "item", item("amox-2"))
    clinics.people_put("central", "custom_data", {"id": "cd", "table_name": "item", "record_id": "amox-2", "key": "k"})
    clinics.people_put(
        "central",
        "item_store_join",
        {"id": "j1", "item_id": "amoxicillin", "store_id": "NDS", "ignore_for_orders": False},
    )
    clinics.people_put(
        "central", "item_store_join", {"id": "j2", "item_id": "amox-2", "store_id": "NDS", "ignore_for_orders": True}
    )
    clinics.cycle()
    for site, store in (("north", "NDS"), ("south", "SDS")):
        clinics.people_put(site, "stock_line", {**stock_line(0, store), "item_id": "amox-2"})
        clinics.people_put(site, "drug_registration", {"id": f"dr-{site}", "item_id": "amox-2"})  # local data
    clinics.cycle()
    clinics.people_put("central", "item_merge", merge("m", "amoxicillin", "amox-2"))
    clinics.cycle()
    assert clinics.where("item", "amox-2") == set()
    assert clinics.where("item_merge", "m") == EVERYWHERE
    assert named(clinics, "stock_line", "item_id") == {
        place: {"amoxicillin"} for place in ("north", "south", "warehouse")
    }
    assert named(clinics, "drug_registration", "item_id") == {place: {"amoxicillin"} for place in ("north", "south")}
    assert named(clinics, "custom_data", "record_id") == {place: {"amoxicillin"} for place in EVERYWHERE}
    assert clinics.where("item_store_join", "j2") == set()
    assert clinics.where("item_store_join", "j1", "ignore_for_orders") == EVERYWHERE
    clinics.cycle()
    last = "cycle = (select max(cycle) from ledger.cycle)"
    assert clinics.warehouse(f"select * from ledger.change_set where {last}") == []  # nothing echoes


def test_section_7_late_references_are_rewritten_at_admission(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.people_put("central", "item", item("amox-2"))
    clinics.cycle()
    clinics.people_put("central", "item_merge", merge("m", "amoxicillin", "amox-2"))
    clinics.cycle("central", "south")  # north was away
    clinics.people_put("north", "stock_line", {**stock_line(0, "NDS"), "item_id": "amox-2"})
    clinics.people_put("north", "item", {**item("amox-2"), "name": "edited late"})
    clinics.cycle()
    assert clinics.reasons("item") == {"amox-2": "merged_away"}
    assert clinics.where("item", "amox-2") == set()
    assert named(clinics, "stock_line", "item_id") == {
        place: {"amoxicillin"} for place in ("north", "south", "warehouse")
    }


@pytest.mark.long
def test_section_7_merges_chain_in_any_order(clinics: Clinics) -> None:
    clinics.people_put("central", "item", *(item(name) for name in ("i1", "i2", "i3", "i4")))
    clinics.cycle()
    for number, name in enumerate(("i1", "i2", "i3", "i4")):
        clinics.people_put("north", "stock_line", {**stock_line(number, "NDS"), "item_id": name})
    clinics.cycle()
    clinics.people_put("central", "item_merge", merge("b", "i3", "i2"))
    clinics.cycle("central", "north")
    clinics.people_put("central", "item_merge", merge("a", "i2", "i1"), merge("c", "i4", "i3"))
    clinics.cycle()
    assert named(clinics, "stock_line", "item_id") == {place: {"i4"} for place in ("north", "south", "warehouse")}
    assert {row[0] for row in clinics.rows("south", "item", "id")} == {"amoxicillin", "paracetamol", "i4"}
    assert named(clinics, "item_merge", "kept_id") == {place: {"i4"} for place in EVERYWHERE}
    clinics.people_put("central", "item_merge", merge("d", "i1", "i4"))
    clinics.cycle()
    assert clinics.reasons("item_merge") == {"d": "merge_in_circle"}


@pytest.mark.long
def test_section_7_names_and_units_are_merged_too(clinics: Clinics) -> None:
    clinics.people_put("central", "unit", {"id": "tab", "name": "tab"})
    clinics.people_put("central", "item", {**item("x"), "unit_id": "tab"})
    clinics.people_put("central", "name", {"id": "acme", "name": "Acme"}, {"id": "acme-2", "name": "Acme Ltd"})
    clinics.cycle()
    clinics.people_put("north", "invoice", {"id": "inv", "store_id": "NDS", "other_name_id": "acme-2"})
    clinics.people_put("central", "name_store_join", {"id": "see", "name_id": "acme", "store_id": "NDS"})
    clinics.cycle()
    clinics.people_put("central", "unit_merge", merge("u", "tablet", "tab"))
    clinics.people_put("central", "name_merge", merge("n", "acme", "acme-2"), merge("s", "name-NDS", "name-SDS"),
                       merge("o", "name-NDS", "acme"))  # fmt: skip
    clinics.cycle()
    assert named(clinics, "item", "unit_id") == {place: {"tablet"} for place in EVERYWHERE}
    assert named(clinics, "invoice", "other_name_id") == {place: {"acme"} for place in ("north", "south", "warehouse")}
    assert clinics.where("name", "acme-2") == clinics.where("unit", "tab") == set()
    assert clinics.reasons("name_merge") == {"s": "merge_of_stores", "o": "own_customer"}


def test_b35_patients_of_one_home_site_are_merged_there_and_all_that_is_theirs_moves(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.people_put("north", "patient", patient("ana", "NDS"), patient("anna", "NDB"))
    clinics.people_put("north", "insurance_policy", {"id": "policy", "patient_id": "anna"})
    clinics.people_put("north", "prescription", prescription("rx", "NDB", "anna"))
    clinics.people_put("north", "prescription_line", {"id": "l", "prescription_id": "rx", "item_id": "amoxicillin"})
    clinics.people_put("north", "adverse_drug_reaction", {"id": "adr", "patient_id": "anna"})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("anna", "SDS"))
    clinics.cycle()
    clinics.people_put("south", "prescription", prescription("rx-south", "SDS", "anna"))
    clinics.people_put("south", "adverse_drug_reaction", {"id": "adr", "patient_id": "anna"})
    clinics.cycle()
    clinics.people_put("south", "patient_merge", merge("grab", "anna", "ana"))
    clinics.cycle()
    clinics.people_put("north", "patient_merge", merge("m", "ana", "anna"))
    clinics.cycle()
    assert clinics.reasons("patient_merge") == {"grab": "not_home_site"}
    assert clinics.where("patient", "anna") == set()
    for table in ("patient_store_join", "insurance_policy", "prescription", "adverse_drug_reaction"):
        assert all(values == {"ana"} for values in named(clinics, table, "patient_id").values()), table
    assert clinics.where("patient", "ana") == EVERYWHERE
    assert clinics.where("insurance_policy", "policy") == EVERYWHERE
    stores = clinics.warehouse("select store_id, count(*) from replica.patient_store_join group by 1 order by 1")
    assert stores == [("NDB", 1), ("NDS", 1), ("SDS", 1)]
    clinics.cycle()
    assert clinics.warehouse("select sum(queue_out) from ledger.site") == [(0,)]


@pytest.mark.long
def test_b35_patients_of_two_home_sites_are_merged_on_primary(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDB"))
    clinics.people_put("south", "patient", patient("anna", "SDS"))
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "anna"))
    clinics.people_put("south", "repeat", {"id": "rep", "patient_id": "anna", "item_id": "amoxicillin"})
    clinics.cycle()
    clinics.people_put("central", "patient_merge", merge("m", "ana", "anna"))
    clinics.cycle()
    assert clinics.where("patient", "anna") == set()
    # south is not home to anybody any more and sees nobody; but its prescription names ana
    assert clinics.where("prescription", "rx", "patient_id = 'ana'") == {"south", "warehouse"}
    assert clinics.where("patient", "ana", "home_store_id = 'NDB'") >= {"central", "north", "south", "warehouse"}
    clinics.people_put("south", "patient", {"id": "ana", "phone": "1"})
    clinics.cycle()
    assert clinics.reasons("patient") == {"ana": "not_home_site"}


@pytest.mark.long
def test_section_7_prescribers_and_locations_are_merged_where_they_are_edited(clinics: Clinics) -> None:
    clinics.people_put(
        "north", "prescriber", *({"id": one, "code": one, "home_store_id": "NDS"} for one in ("d1", "d2"))
    )
    clinics.people_put("north", "location", *({"id": one, "store_id": "NDS", "code": one} for one in ("l1", "l2")))
    clinics.people_put("north", "location", {"id": "l3", "store_id": "NDB", "code": "l3"})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "ana", "d2"))
    clinics.people_put("north", "stock_line", {**stock_line(0, "NDS"), "location_id": "l2"})
    clinics.cycle()
    join = {"id": "j", "item_id": "amoxicillin", "store_id": "NDS", "default_location_id": "l2"}
    clinics.people_put("central", "item_store_join", join)
    clinics.cycle()
    clinics.people_put("north", "prescriber_merge", merge("p", "d1", "d2"))
    clinics.people_put(
        "north", "location_merge", merge("l", "l1", "l2", store_id="NDS"), merge("x", "l1", "l3", store_id="NDS")
    )
    clinics.cycle()
    assert clinics.reasons("location_merge") == {"x": "merge_across_stores"}
    assert clinics.where("prescription", "rx", "prescriber_id = 'd1'") == {"north", "south", "warehouse"}
    assert clinics.where("item_store_join", "j", "default_location_id = 'l1'") == EVERYWHERE
    assert named(clinics, "stock_line", "location_id") == {place: {"l1"} for place in ("north", "south", "warehouse")}
    assert clinics.where("prescriber", "d2") == clinics.where("location", "l2") == set()


@pytest.mark.long
def test_section_7_a_merge_is_made_once_and_a_program_may_have_deleted_the_record_itself(clinics: Clinics) -> None:
    clinics.people_put("central", "item", item("amox-2"))
    clinics.cycle()
    clinics.people_put("north", "stock_line", {**stock_line(0, "NDS"), "item_id": "amox-2"})
    clinics.cycle()
    clinics.people_put("central", "item_merge", merge("m", "amoxicillin", "amox-2"))
    clinics.people_run("central", "delete from item where id = 'amox-2'")
    clinics.cycle()
    assert clinics.reasons("item") == {}
    assert clinics.where("item", "amox-2") == set()
    assert clinics.where("stock_line", "stock-NDS-0", "item_id = 'amoxicillin'") == {"north", "south", "warehouse"}
    clinics.people_put("central", "item_merge", merge("m", "paracetamol", "amox-2"))
    clinics.cycle()
    assert clinics.reasons("item_merge") == {"m": "immutable"}
    assert clinics.where("item_merge", "m", "kept_id = 'amoxicillin'") == EVERYWHERE


@pytest.mark.long
def test_m1_times_of_merges_are_kept(clinics: Clinics) -> None:
    clinics.people_put("central", "item", item("amox-2"))
    clinics.people_put("central", "item_merge", merge("m", "amoxicillin", "amox-2"))
    clinics.cycle()
    assert clinics.warehouse("select merged_at from replica.item_merge") == [(datetime(2026, 11, 24, 10, tzinfo=UTC),)]


@pytest.mark.long
def test_b19_a_merge_waits_for_the_record_that_it_keeps(either_clinics: Clinics) -> None:
    """Somebody deletes the kept record between pull and delivery: the merge comes again with it."""
    clinics = either_clinics
    clinics.people_put("central", "item", item("a"), item("b"))
    clinics.cycle()
    clinics.people_put("north", "stock_line", {**stock_line(0, "NDS"), "item_id": "b"})
    clinics.people_put("north", "drug_registration", {"id": "dr", "item_id": "b"})
    clinics.cycle()
    clinics.people_put("central", "item_merge", merge("m", "a", "b"))
    clinics.cycle_with(lambda: clinics.people_run("north", "delete from item where id = 'a'"))
    clinics.cycle()
    assert clinics.where("item", "b") == set()
    assert (
        named(clinics, "stock_line", "item_id")["north"]
        == named(clinics, "drug_registration", "item_id")["north"]
        == {"a"}
    )


@pytest.mark.long
def test_r7_a_merge_reaches_a_site_that_could_not_let_go_of_the_merged_record(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDB"), patient("anna", "NDB"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("anna", "SDS"))
    clinics.cycle()
    clinics.people_put("south", "adverse_drug_reaction", {"id": "adr", "patient_id": "anna"})
    clinics.people_run("central", "delete from patient_store_join where id = 'anna-in-SDS'")
    clinics.cycle()
    clinics.people_run("central", "delete from patient_store_join where store_id = 'NDS'")  # which south collects
    clinics.cycle()
    assert "south" in clinics.where("patient", "anna")
    clinics.people_put("north", "patient_merge", merge("m", "ana", "anna"))
    clinics.cycle()
    assert clinics.rows("south", "adverse_drug_reaction", "patient_id") == [("ana",)]
    assert clinics.where("patient", "anna") == set()
