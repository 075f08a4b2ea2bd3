"""Patients, prescribers, prescriptions, repeats and messages, end to end on both engines (spec sections 3 and 9)."""

from __future__ import annotations

import pytest

from central.decisions import write_decision
from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.small_network import NOW

EVERYWHERE = {"central", "north", "south", "warehouse"}


def test_b33_a_patient_is_edited_at_home_and_known_on_primary(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.cycle()
    assert clinics.where("patient", "ana") == {"central", "north", "warehouse"}
    clinics.people_put("central", "patient", {"id": "ana", "last_name": "Changed"})
    clinics.cycle()
    assert clinics.reasons("patient") == {"ana": "not_home_site"}
    assert clinics.where("patient", "ana", "last_name = 'ana'") == {"central", "north", "warehouse"}


@pytest.mark.long
def test_b33_who_is_registered_where_there_is_no_dispensary_is_at_home_there_too(clinics: Clinics) -> None:
    """Primary shows them elsewhere, too, which says nothing of their home."""
    clinics.cycle()
    clinics.people_put("central", "patient", patient("ana", None))
    shown = [("a", "SDS"), ("b", "CMS")]
    rows = [{"id": name, "patient_id": "ana", "store_id": store} for name, store in shown]
    clinics.people_put("central", "patient_store_join", *rows)
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("patient", "ana", "home_store_id = 'CMS'") == {"central", "south", "warehouse"}


@pytest.mark.long
@pytest.mark.parametrize("who", ["patient", pytest.param("prescriber", marks=pytest.mark.long)])
def test_b33_who_is_new_at_a_dispensary_that_is_a_transfer_instance_on_central_is_at_home_there(
    either_clinics: Clinics, who: str
) -> None:
    """Its prescriptions stay at its site, too (T6)."""
    either_clinics.configure(NDS={"central_instance": "transfer", "collector_on": []})
    either_clinics.cycle()
    if who == "patient":
        either_clinics.people_put("north", "patient", patient("new", None))
        either_clinics.people_put("north", "prescription", prescription("rx", "NDS", "new"))
    else:
        either_clinics.people_put("north", "patient", patient("old", "NDS"))
        either_clinics.people_put("north", "prescriber", {"id": "new", "code": "n"})
        either_clinics.people_put("north", "prescription", prescription("rx", "NDS", "old", "new"))
    either_clinics.cycle()
    either_clinics.cycle()
    assert either_clinics.where(who, "new", "home_store_id = 'NDS'") == {"central", "north", "warehouse"}
    assert either_clinics.reasons("patient") == either_clinics.reasons("patient_store_join") == {}


@pytest.mark.parametrize(
    ("keeps", "then"),
    [
        (False, "rx"),
        *(pytest.param(*one, marks=pytest.mark.long) for one in ((False, "join"), (True, "join"), (True, "rx"))),
    ],
)
def test_b33_who_was_registered_first_and_is_treated_or_shown_later_is_at_home_there(
    either_clinics: Clinics, keeps: bool, then: str
) -> None:
    """Until then nobody could tell where that is, and central refused them. They are shown in the other dispensaries
    of the site as who is new (B24)."""
    if keeps:
        either_clinics.configure(NDS={"include_transactions": False}, NDB={"include_transactions": False})
        either_clinics.cycle()
    either_clinics.people_put("north", "patient", patient("new", None))
    either_clinics.cycle()
    assert either_clinics.reasons("patient") == {"new": "not_home_site"}
    if then == "rx":
        either_clinics.people_put("north", "prescription", prescription("rx", "NDS", "new"))
    else:
        either_clinics.people_put("north", "patient_store_join", seen("new", "NDS"))
    either_clinics.cycle()
    either_clinics.cycle()
    for table in ("patient", "patient_store_join", "prescription"):
        assert either_clinics.reasons(table) == {}
    assert either_clinics.where("patient", "new", "home_store_id = 'NDS'") >= {"central", "north", "warehouse"}
    shown = either_clinics.warehouse("select store_id from replica.patient_store_join order by all")
    assert shown == ([("NDB",)] if then == "rx" else [("NDB",), ("NDS",)])


@pytest.mark.long
def test_b33_a2_who_was_discarded_is_not_sent_again_by_what_is_written_later(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("new", None))
    clinics.cycle()
    entry = clinics.warehouse("select id from ledger.quarantine where record_id = 'new'")[0][0]
    write_decision(clinics.project.pulls, "discard", "north", reason="twice", now=NOW, decided_by="ana", entry=entry)
    clinics.cycle()
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "new"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("patient", "new", "home_store_id is null") == {"north"}


@pytest.mark.long
def test_r7_a_patient_that_becomes_visible_comes_whole_and_leaves_whole(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "insurance_policy", {"id": "policy", "patient_id": "ana", "policy_number": "1"})
    clinics.people_put("north", "patient_event", {"id": "event", "patient_id": "ana", "value": "37.5"})
    clinics.people_put("north", "repeat", {"id": "repeat", "patient_id": "ana", "item_id": "amoxicillin"})
    clinics.cycle()
    records = {"patient": "ana", "insurance_policy": "policy", "patient_event": "event", "repeat": "repeat"}
    for table, record in records.items():
        assert clinics.where(table, record) == {"central", "north", "warehouse"}
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    assert clinics.where("patient_store_join", "ana-in-SDS") == {"central", "south", "warehouse"}
    for table, record in records.items():
        assert clinics.where(table, record) == EVERYWHERE
    clinics.people_run("central", "delete from patient_store_join where id = 'ana-in-SDS'")
    clinics.cycle()
    for table, record in records.items():
        assert clinics.where(table, record) == {"central", "north", "warehouse"}


@pytest.mark.long
def test_r7_a_patient_whom_a_site_treated_stays_there_and_is_listed(clinics: Clinics) -> None:
    clinics.configure(SDS={"include_transactions": False})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "ana"))
    clinics.people_run("central", "delete from patient_store_join where id = 'ana-in-SDS'")
    clinics.cycle()
    assert "south" in clinics.where("patient", "ana")
    listed = clinics.warehouse("select table_name, record_id, why from ledger.skipped where is_open")
    assert listed == [("patient", "ana", "still_referenced")]
    clinics.people_run("north", "update patient set last_name = 'Other' where id = 'ana'")
    clinics.people_run("central", "update item set name = 'Other' where id = 'amoxicillin'")  # a set goes to south
    clinics.cycle()
    assert clinics.rows("south", "item", "name", "id = 'amoxicillin'") == [("Other",)]
    assert "south" in clinics.where("patient", "ana")  # as she was when she belonged there
    assert clinics.warehouse("select table_name, record_id, why from ledger.skipped where is_open") == listed


@pytest.mark.long
def test_b33_visibility_in_no_store_says_nothing_and_keeps_nobody_from_being_pulled(clinics: Clinics) -> None:
    """Of people without a home, whom nobody says where to have one, at the first contact and later."""
    for number in (1, 2):
        for site, store in (("north", "NDS"), ("south", "SDS")):
            ana, doc = f"ana-{site}-{number}", f"doc-{site}-{number}"
            clinics.people_put(site, "patient", patient(ana, None))
            clinics.people_put(site, "prescriber", {"id": doc, "code": doc})
            for table, who in (("patient", ana), ("prescriber", doc)):
                clinics.people_put(
                    site, f"{table}_store_join", {"id": f"a-{who}", f"{table}_id": who, "store_id": None}
                )
                clinics.people_put(
                    site, f"{table}_store_join", {"id": f"b-{who}", f"{table}_id": who, "store_id": store}
                )
        clinics.cycle()
        assert clinics.warehouse("select distinct outcome, error from ledger.visit") == [("ok", None)]
        for table in ("patient", "prescriber"):
            homes = clinics.warehouse(
                f"select distinct split_part(id, '-', 2), home_store_id from replica.{table} order by 1"
            )
            assert homes == [("north", "NDS"), ("south", "SDS")]


@pytest.mark.long
def test_b24_a_new_patient_is_visible_in_the_other_dispensaries_of_the_site_that_want_it(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "patient_store_join", seen("ana", "NDS"))
    clinics.cycle()
    stores = clinics.warehouse("select store_id from replica.patient_store_join where patient_id = 'ana' order by 1")
    assert stores == [("NDB",), ("NDS",)]
    assert len(clinics.rows("central", "patient_store_join")) == 2
    clinics.people_put("north", "patient", patient("eva", None))  # registered in NDS, though nobody says so
    clinics.people_put("north", "patient_store_join", seen("eva", "NDS"))
    clinics.cycle()
    stores = clinics.warehouse("select store_id from replica.patient_store_join where patient_id = 'eva' order by 1")
    assert stores == [("NDB",), ("NDS",)]
    assert clinics.rows("central", "patient", "home_store_id", "id = 'eva'") == [("NDS",)]
    clinics.people_put("central", "store_preference", {"id": "NDB", "show_new_patients": False})
    clinics.cycle()
    clinics.people_put("north", "patient", patient("ben", "NDS"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.warehouse("select * from replica.patient_store_join where patient_id = 'ben'") == []


@pytest.mark.long
def test_b32_a_site_gives_visibility_only_to_its_own_patients_in_its_own_stores(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.people_put("south", "patient_store_join", {"id": "grab", "patient_id": "ana", "store_id": "SDS"})
    clinics.people_put("north", "patient_store_join", {"id": "give", "patient_id": "ana", "store_id": "CMS"})
    clinics.people_put("north", "patient_store_join", seen("ana", "NTH"))
    clinics.cycle()
    assert clinics.reasons("patient_store_join") == {"grab": "not_home_site", "give": "not_home_site"}
    assert clinics.where("patient_store_join", "ana-in-NTH") == {"central", "north", "warehouse"}
    clinics.people_run("north", "delete from patient_store_join where id = 'ana-in-NTH'")
    clinics.cycle()
    assert clinics.reasons("patient_store_join")["ana-in-NTH"] == "not_primary"
    assert clinics.where("patient_store_join", "ana-in-NTH") == {"central", "north", "warehouse"}


@pytest.mark.long
def test_b33_a_home_store_that_is_not_named_is_the_one_that_sees_or_serves_the_patient_first(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", None))
    clinics.people_put("north", "patient_store_join", seen("ana", "NDB"))
    clinics.people_put("south", "patient", patient("ben", None))
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "ben"))
    clinics.people_put("central", "patient", patient("eva", None))
    clinics.people_put("central", "patient_store_join", seen("eva", "SDS"))
    clinics.cycle()
    homes = clinics.warehouse("select id, home_store_id from replica.patient order by 1")
    assert homes == [("ana", "NDB"), ("ben", "SDS"), ("eva", None)]  # primary's, until somebody prescribes
    assert clinics.rows("north", "patient", "home_store_id", "id = 'ana'") == [("NDB",)]
    assert clinics.rows("south", "patient", "home_store_id", "id = 'ben'") == [("SDS",)]
    clinics.people_put("south", "prescription", prescription("rx2", "SDS", "eva"))
    clinics.cycle()
    assert clinics.rows("central", "patient", "home_store_id", "id = 'eva'") == [("SDS",)]
    assert clinics.rows("south", "patient", "home_store_id", "id = 'eva'") == [("SDS",)]
    clinics.people_put("north", "patient", {"id": "ana", "phone": "1", "home_store_id": "NDS"})
    clinics.cycle()
    assert clinics.rows("central", "patient", "home_store_id, phone", "id = 'ana'") == [("NDS", "1")]
    clinics.people_put("north", "patient", {"id": "ana", "home_store_id": "SDS"})
    clinics.cycle()
    assert clinics.reasons("patient") == {"ana": "gives_away"}
    assert clinics.rows("north", "patient", "home_store_id", "id = 'ana'") == [("NDS",)]


@pytest.mark.long
def test_prescribers_go_where_they_are_visible_or_have_prescribed(clinics: Clinics) -> None:
    clinics.people_put("north", "prescriber", {"id": "doc", "code": "doc", "home_store_id": "NDS"})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("prescriber", "doc") == {"central", "north", "warehouse"}
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "ana", "doc"))
    clinics.cycle()
    assert clinics.where("prescriber", "doc") == EVERYWHERE
    clinics.people_put("south", "prescriber", {"id": "doc", "phone": "1"})
    clinics.cycle()
    assert clinics.reasons("prescriber") == {"doc": "not_home_site"}


def test_b22_a_quiet_dispensary_keeps_its_stock_and_prescriptions_and_nothing_else(clinics: Clinics) -> None:
    clinics.configure(NDS={"include_transactions": False})
    owned = {"store_id": "NDS"}
    kept = {
        "prescription": prescription("rx", "NDS", "ana"),
        "prescription_line": {"id": "rxl", "prescription_id": "rx", "item_id": "amoxicillin"},
        "stock_line": {"id": "sl", "item_id": "amoxicillin", **owned},
        "stocktake": {"id": "st", **owned},
        "stocktake_line": {"id": "stl", "stocktake_id": "st", "item_id": "amoxicillin"},
        "invoice": {"id": "inv", **owned},
        "backorder": {"id": "bo", "item_id": "amoxicillin", **owned},
        "build": {"id": "bu", "item_id": "amoxicillin", **owned},
        "inventory_adjustment": {"id": "ia", **owned},
        "replenishment": {"id": "re", **owned},
    }
    sent = {
        "patient": patient("ana", "NDS"),
        "requisition": {"id": "rq", **owned},
        "goods_received": {"id": "gr", **owned},
        "location": {"id": "lo", **owned},
        "customer_stock_history": {"id": "cs", "item_id": "amoxicillin", **owned},
        "purchase_order": {"id": "po", **owned},
    }
    for table, row in {**sent, **kept}.items():
        clinics.people_put("north", table, row)
    clinics.cycle()
    for table, row in kept.items():
        assert clinics.where(table, row["id"]) == {"north"}, table
    for table, row in sent.items():
        assert "warehouse" in clinics.where(table, row["id"]), table
    clinics.configure()  # turned on later, the history follows (B26)
    clinics.cycle()
    for table, row in kept.items():
        assert clinics.where(table, row["id"]) == {"north", "south", "warehouse"}, table  # south collects NDS


@pytest.mark.long
def test_b33_who_is_new_at_a_dispensary_that_keeps_its_prescriptions_is_at_home_there(either_clinics: Clinics) -> None:
    """Nobody but the site can tell: it fills the home store, and neither who is new nor the visibility is refused."""
    clinics = either_clinics
    clinics.configure(NDS={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("north", "patient", patient("ana", None))
    clinics.people_put("north", "prescriber", {"id": "doc", "code": "D", "home_store_id": None})
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "ana", "doc"))
    clinics.cycle()
    assert clinics.warehouse("select table_name, reason from ledger.quarantine where state = 'open'") == []
    for table, who in (("patient", "ana"), ("prescriber", "doc")):
        assert clinics.where(table, who, "home_store_id = 'NDS'") >= {"central", "north", "warehouse"}
    assert clinics.warehouse("select store_id from replica.patient_store_join where patient_id = 'ana'") == [("NDB",)]
    assert clinics.where("prescription", "rx") == {"north"}


@pytest.mark.long
def test_b33_who_is_registered_in_one_exchange_and_treated_there_in_a_later_one_is_at_home_there_from_then_on(
    either_clinics: Clinics,
) -> None:
    """Until they are treated nobody can tell where they are at home."""
    clinics = either_clinics
    clinics.configure(NDS={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("north", "patient", patient("ana", None))
    clinics.cycle()
    assert clinics.reasons("patient") == {"ana": "not_home_site"}
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "ana"))
    clinics.cycle()
    assert clinics.warehouse("select table_name, reason from ledger.quarantine where state = 'open'") == []
    assert clinics.where("patient", "ana", "home_store_id = 'NDS'") >= {"central", "north", "warehouse"}


@pytest.mark.long
def test_prescriptions_follow_the_patient_where_the_option_says_so(clinics: Clinics) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDB"))
    clinics.people_put("north", "prescription", prescription("rx", "NDB", "ana"))
    clinics.people_put("north", "prescription_line", {"id": "l", "prescription_id": "rx", "item_id": "amoxicillin"})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    assert clinics.where("prescription", "rx") == {"north", "warehouse"}
    clinics.configure({"prescriptions_follow_patient": True})
    clinics.cycle()
    assert (
        clinics.where("prescription", "rx")
        == clinics.where("prescription_line", "l")
        == {"north", "south", "warehouse"}
    )
    clinics.configure({"prescriptions_follow_patient": True}, NDB={"include_transactions": False})
    clinics.cycle()  # nothing of a quiet dispensary, also not to follow the patient
    assert clinics.where("prescription", "rx") == {"north"}


@pytest.mark.long
def test_a_prescription_from_no_dispensary_for_a_patient_not_visible_there_happened_and_is_listed(
    clinics: Clinics,
) -> None:
    clinics.people_put("north", "patient", patient("ana", "NDB"))
    clinics.people_put("north", "prescription", {**prescription("odd", "NTH", "ana"), "status": "finalised"})
    line = {"id": "l", "prescription_id": "odd", "item_id": "amoxicillin", "pack_size": 10, "packs": 3}
    clinics.people_put("north", "prescription_line", line)
    clinics.cycle()
    assert clinics.reasons("prescription") == {}
    assert clinics.where("prescription_line", "l") == {"north", "warehouse"}
    assert clinics.warehouse("select store_code, item_code, issue, units from reports.data_quality order by issue") == [
        ("NTH", "AMOX", "dispensed_outside_dispensary", 30), ("NTH", "AMOX", "patient_not_visible", 30)
    ]  # fmt: skip


@pytest.mark.long
def test_odd_prescriptions_are_listed_each_by_itself_also_without_lines_or_when_only_confirmed(
    clinics: Clinics,
) -> None:
    """At a store that no mode makes a dispensary, too."""
    clinics.people_put("central", "store", {"id": "NTH", "mode": None})
    clinics.people_put("central", "patient", patient("x", "CMS"))
    clinics.people_put("north", "patient", patient("ned", "NDB"))
    clinics.cycle()
    line = {"item_id": "amoxicillin", "pack_size": 1, "packs": 2}
    for name, store, status in (("bare", "CMS", "finalised"), ("sure", "CMS", "confirmed"), ("draft", "CMS", "new")):
        clinics.people_put("central", "prescription", {**prescription(name, store, "x"), "status": status})
        clinics.people_run("central", "update prescription set number = 7 where id = ?", name)
    clinics.people_put("central", "prescription_line", {"id": "s", "prescription_id": "sure", **line})
    clinics.people_put("north", "prescription", {**prescription("none", "NTH", "ned"), "status": "finalised"})
    clinics.people_put("north", "prescription_line", {"id": "n", "prescription_id": "none", **line})
    clinics.cycle()
    found = clinics.warehouse(
        "select record_id, item_code, units, explanation from reports.data_quality "
        "where issue = 'dispensed_outside_dispensary' and table_name = 'prescription' order by 1"
    )
    outside = "prescription {} is from a store that is no dispensary: it"
    assert found == [
        ("bare", None, None, f"{outside.format(7)} happened, and counts as dispensed"),
        ("none", "AMOX", 2, f"{outside.format(1)} happened, and counts as dispensed"),
        ("sure", "AMOX", 2, f"{outside.format(7)} is confirmed, and counts as dispensed once it is finalised"),
    ]
    unseen = "select record_id from reports.data_quality where issue = 'patient_not_visible'"
    assert clinics.warehouse(unseen) == [("none",)]


@pytest.mark.long
def test_b33_a_blank_home_and_visibility_elsewhere_leave_nobody_without_a_home(either_clinics: Clinics) -> None:
    """Who is new at a dispensary that keeps its transactions is at home there, whatever else people wrote."""
    clinics = either_clinics
    clinics.configure(NDS={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("north", "patient", patient("blank", ""), patient("seen", None))
    clinics.people_put("north", "patient_store_join", seen("seen", "CMS"))
    clinics.people_put("north", "prescription", prescription("rx1", "NDS", "blank"), prescription("rx2", "NDS", "seen"))
    clinics.people_put("north", "repeat", {"id": "rep", "patient_id": "blank"})
    clinics.cycle()
    clinics.cycle()
    homes = clinics.warehouse("select id, home_store_id from replica.patient order by 1")
    assert homes == [("blank", "NDS"), ("seen", "NDS")]
    assert clinics.reasons("patient") == clinics.reasons("repeat") == {}
    assert clinics.reasons("patient_store_join") == {"seen-in-CMS": "not_home_site"}  # the north shows nobody at CMS


@pytest.mark.long
def test_m3_a_collector_gets_the_patients_of_the_prescriptions_it_collects(clinics: Clinics) -> None:
    clinics.people_put("central", "patient", patient("ana", None))
    clinics.people_put("central", "insurance_policy", {"id": "policy", "patient_id": "ana"})
    clinics.people_put("central", "patient_store_join", {**seen("ana", "NDB"), "store_id": "NDB"})
    clinics.cycle()
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "ana"))
    clinics.cycle()
    assert clinics.where("prescription", "rx") == {"north", "south", "warehouse"}
    assert clinics.where("patient", "ana") == EVERYWHERE
    assert clinics.where("insurance_policy", "policy") == {"central", "north", "warehouse"}


def test_r8_of_two_sites_that_process_a_repeat_the_second_sees_the_first_before(clinics: Clinics) -> None:
    clinics.configure({"repeats_anywhere": True})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    clinics.people_put("north", "repeat", {"id": "rep", "patient_id": "ana", "item_id": "amoxicillin", "remaining": 5})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("south", "update repeat set remaining = 4")
    clinics.cycle()
    assert clinics.rows("north", "repeat", "remaining") == [(4,)]
    clinics.people_run("north", "update repeat set remaining = 3")
    clinics.people_run("south", "update repeat set remaining = 2")
    clinics.cycle()
    assert clinics.warehouse("select remaining from replica.repeat") == [(3,)]
    assert clinics.reasons("repeat") == {"rep": "edited_elsewhere"}
    assert clinics.rows("south", "repeat", "remaining") == [(3,)]
    clinics.configure()
    clinics.people_run("south", "update repeat set remaining = 1")
    clinics.cycle()
    assert clinics.reasons("repeat") == {"rep": "not_home_site"}


@pytest.mark.long
def test_b22_a_saved_store_or_its_preferences_get_its_patients_again(clinics: Clinics) -> None:
    clinics.configure(SDS={"resync_patients_on_save": True})
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    of_ana = {
        "insurance_policy": {"id": "policy", "patient_id": "ana"},
        "repeat": {"id": "repeat", "patient_id": "ana"},
        "patient_event": {"id": "event", "patient_id": "ana"},
    }
    for table, row in of_ana.items():
        clinics.people_put("north", table, row)
    clinics.people_put("south", "patient", patient("sue", "SDS"))  # at home there, without a row that says so
    clinics.people_put("south", "repeat", {"id": "repeat-sue", "patient_id": "sue"})
    clinics.people_put("central", "diagnosis", {"id": "flu", "name": "Flu"})
    clinics.people_put("central", "patient_event_type", {"id": "visit", "name": "Visit"})
    for kind in ("prescription", "stock"):
        clinics.people_put("central", "transaction_category", {"id": kind, "name": kind, "type": kind})
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    clinics.cycle()
    # south: what was saved, the patient, three of hers, her visibility, sue and one of hers, diagnosis, event type, a
    # category of prescriptions; north, which sends to it, the saved record of the store, and not its preferences (T5)
    for table, column, value, others in (
        ("store", "is_disabled", False, {2: 1}),
        ("store_preference", "amc_months", 4, {}),
    ):
        clinics.people_put("central", table, {"id": "SDS", column: value})
        clinics.cycle()
        sent = clinics.warehouse(
            "select site_id, upserts from ledger.change_set where cycle = (select max(cycle) from ledger.cycle)"
        )
        assert dict(sent) == {**others, 3: 11}, table


def test_messages_are_made_once_and_go_to_both_ends(clinics: Clinics) -> None:
    clinics.people_put(
        "north", "message", {"id": "m1", "from_store_id": "NDS", "to_store_id": "SDS", "subject": "stock"}
    )
    clinics.people_put("north", "message", {"id": "m2", "from_store_id": "NDS", "subject": "to all"})
    clinics.people_put("south", "message", {"id": "m3", "to_store_id": "CMS", "subject": "from a site"})
    clinics.people_put("south", "message", {"id": "m4", "from_store_id": "NDS", "to_store_id": "CMS"})
    clinics.cycle()
    assert clinics.where("message", "m1") == {"north", "south", "warehouse"}
    assert clinics.where("message", "m2") == EVERYWHERE
    assert clinics.where("message", "m3") == {"central", "south", "warehouse"}
    assert clinics.reasons("message") == {"m4": "not_owner"}
    clinics.people_put("north", "message", {"id": "m1", "subject": "changed"})
    clinics.people_run("south", "delete from message where id = 'm3'")
    clinics.cycle()
    assert clinics.reasons("message") == {"m1": "immutable", "m3": "immutable", "m4": "not_owner"}
    assert clinics.where("message", "m1", "subject = 'stock'") == {"north", "south", "warehouse"}
    assert clinics.where("message", "m3") == {"central", "south", "warehouse"}
