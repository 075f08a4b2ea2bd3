"""Repeats that are dispensed away from their homes: what happened is admitted, and counted off at home (B33)."""

from __future__ import annotations

import pytest

from central.decisions import write_decision
from sites.engines.errors import Unreachable
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.moving import apply
from tests.central.small_network import NOW

AWAY = (
    "select store_code, item_code, table_name, record_id, issue from reports.data_quality "
    "where starts_with(issue, 'repeat') order by issue, record_id"
)


@pytest.fixture
def treated(either_clinics: Clinics) -> Clinics:
    """Ana is at home at the north, has a repeat of five, and is seen in the south."""
    clinics = either_clinics
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    repeat = {"id": "rep", "patient_id": "ana", "store_id": "NDS", "item_id": "amoxicillin", "remaining": 5}
    clinics.people_put("north", "repeat", repeat)
    clinics.cycle()
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.cycle()
    assert clinics.rows("south", "repeat", "remaining") == [(5,)]
    return clinics


def dispense(
    clinics: Clinics, name: str, *, site: str = "south", store: str = "SDS", repeat: str | None = "rep"
) -> None:
    """People dispense of a repeat, and count it off where they are."""
    clinics.people_put(site, "prescription", {**prescription(name, store, "ana"), "status": "finalised"})
    line = {"id": f"{name}-1", "prescription_id": name, "item_id": "amoxicillin", "pack_size": 1, "packs": 2}
    clinics.people_put(site, "prescription_line", {**line, "repeat_id": repeat})
    clinics.people_run(site, "update repeat set remaining = remaining - 1")


def remaining(clinics: Clinics) -> dict[str, int]:
    """What remains of the repeat, by place."""
    found = {site: clinics.rows(site, "repeat", "remaining")[0][0] for site in ("central", "north", "south")}
    return {**found, "warehouse": clinics.warehouse("select remaining from replica.repeat")[0][0]}


def everywhere(value: int) -> dict[str, int]:
    return dict.fromkeys(("central", "north", "south", "warehouse"), value)


def test_b33_what_is_dispensed_elsewhere_is_counted_off_at_home_and_listed(treated: Clinics) -> None:
    dispense(treated, "rx")
    treated.cycle()
    assert treated.reasons("repeat") == {"rep": "not_home_site"}
    assert treated.reasons("prescription") == {}
    assert treated.rows("north", "repeat", "remaining") == [(4,)]
    treated.cycle()
    assert remaining(treated) == everywhere(4)
    assert treated.warehouse(AWAY) == [("SDS", "AMOX", "prescription", "rx", "repeat_away_from_home")]
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(4)


@pytest.mark.long
def test_b33_at_home_people_count_themselves(treated: Clinics) -> None:
    dispense(treated, "rx", site="north", store="NDS")
    for _ in range(3):
        treated.cycle()
    assert remaining(treated) == everywhere(4)
    assert treated.warehouse(AWAY) == []


@pytest.mark.long
def test_b33_what_people_counted_at_home_stays_so_when_their_home_is_elsewhere(treated: Clinics) -> None:
    """An edit of what was dispensed there once is not counted again."""
    dispense(treated, "rx", site="north", store="NDS")
    treated.cycle()
    write_decision(treated.project.pulls, DecisionKind.REHOME, "", reason="moved", now=NOW, decided_by="op",
                   record_id="patient:SDS", records=["ana"])  # fmt: skip
    treated.cycle()
    treated.cycle()
    assert treated.warehouse("select home_store_id from replica.patient") == [("SDS",)]
    treated.people_run("north", "update prescription_line set directions = 'with food'")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(4)
    assert treated.warehouse(AWAY) == []
    dispense(treated, "later", site="north", store="NDS")  # and what is dispensed there now is counted at the new home
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(3)
    assert [row[3] for row in treated.warehouse(AWAY)] == ["later"]


def kept_at_primary(clinics: Clinics) -> None:
    """Bob has no home, so that primary keeps him, with a repeat of five; the south and NDB see him."""
    clinics.people_put("central", "patient", patient("bob", None))
    repeat = {"id": "bobs", "patient_id": "bob", "item_id": "amoxicillin", "remaining": 5}
    clinics.people_put("central", "repeat", repeat)
    clinics.people_put("central", "patient_store_join", seen("bob", "SDS"), seen("bob", "NDB"))
    clinics.cycle()
    clinics.cycle()


def dispense_to_bob(clinics: Clinics, name: str, *, site: str = "south", store: str = "SDS") -> None:
    clinics.people_put(site, "prescription", {**prescription(name, store, "bob"), "status": "finalised"})
    line = {"id": f"{name}-1", "prescription_id": name, "item_id": "amoxicillin", "pack_size": 1, "packs": 2}
    clinics.people_put(site, "prescription_line", {**line, "repeat_id": "bobs"})
    clinics.people_run(site, "update repeat set remaining = remaining - 1 where id = 'bobs'")


def bobs_remaining(clinics: Clinics) -> set[int]:
    found = [clinics.rows(site, "repeat", "remaining", "id = 'bobs'") for site in ("central", "north", "south")]
    known = clinics.warehouse("select remaining from replica.repeat where id = 'bobs'")
    return {row[0] for rows in [*found, known] for row in rows}


@pytest.mark.long
def test_b33_who_gets_a_home_by_what_was_dispensed_was_dispensed_to_away_from_home(either_clinics: Clinics) -> None:
    """The count goes by the home that the count-down was judged by; what follows is dispensed at home."""
    clinics = either_clinics
    kept_at_primary(clinics)
    dispense_to_bob(clinics, "first")
    clinics.cycle()
    assert clinics.reasons("repeat") == {"bobs": "not_home_site"}
    assert clinics.warehouse("select home_store_id from replica.patient") == [("SDS",)]
    clinics.cycle()
    clinics.cycle()
    assert bobs_remaining(clinics) == {4}
    assert clinics.warehouse(AWAY) == [("SDS", "AMOX", "prescription", "first", "repeat_away_from_home")]
    dispense_to_bob(clinics, "second")
    clinics.cycle()
    clinics.cycle()
    assert bobs_remaining(clinics) == {3}
    assert len(clinics.warehouse(AWAY)) == 1


@pytest.mark.long
def test_b33_two_sites_dispense_to_whom_they_give_a_home(clinics: Clinics) -> None:
    """Both were away: what one of them wrote made its store the home, and neither count-down was taken."""
    kept_at_primary(clinics)
    dispense_to_bob(clinics, "there")
    dispense_to_bob(clinics, "here", site="north", store="NDB")
    for _ in range(4):
        clinics.cycle()
    assert bobs_remaining(clinics) == {3}
    assert [row[3] for row in clinics.warehouse(AWAY)] == ["here", "there"]


@pytest.mark.long
def test_b33_what_is_not_finished_is_not_dispensed_and_what_is_taken_back_is_given_back(treated: Clinics) -> None:
    dispense(treated, "rx")
    treated.people_run("south", "update prescription set status = 'confirmed'")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(5)
    treated.people_run("south", "update prescription set status = 'finalised'")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(4)
    treated.people_run("south", "update prescription_line set repeat_id = null")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(5)
    treated.people_run("south", "update prescription_line set repeat_id = 'rep'")
    treated.cycle()
    treated.people_run("south", "delete from prescription_line")
    treated.people_run("south", "delete from prescription")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(5)
    assert treated.warehouse(AWAY) == []


@pytest.mark.long
def test_b33_what_is_dispensed_out_of_several_batches_is_counted_once(treated: Clinics) -> None:
    """A line for each; whichever of them goes, it stays so as long as one is there."""
    dispense(treated, "rx")
    line = {"prescription_id": "rx", "item_id": "amoxicillin", "pack_size": 1, "packs": 2, "repeat_id": "rep"}
    treated.people_put("south", "prescription_line", {"id": "rx-2", **line})
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(4)
    treated.people_put("south", "prescription_line", {"id": "rx-0", **line})
    treated.people_run("south", "delete from prescription_line where id = 'rx-1'")
    for _ in range(3):
        treated.cycle()
    assert remaining(treated) == everywhere(4)
    treated.people_run("south", "delete from prescription_line")
    for _ in range(3):
        treated.cycle()
    assert remaining(treated) == everywhere(5)


@pytest.mark.long
def test_b33_more_than_the_repeat_allows_is_counted_and_listed(treated: Clinics) -> None:
    treated.people_run("north", "update repeat set remaining = 1")
    for name in ("rx1", "rx2", "rx3"):
        dispense(treated, name)
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(-2)
    assert treated.warehouse(AWAY)[-1] == ("NDS", "AMOX", "repeat", "rep", "repeat_exceeded")
    found = treated.warehouse("select explanation from reports.data_quality where issue = 'repeat_exceeded'")
    assert found[0][0].startswith("dispensed 2 times more than the repeat allowed")


@pytest.mark.long
def test_b33_what_home_counts_meanwhile_stays_counted(treated: Clinics) -> None:
    dispense(treated, "rx")
    treated.cycle_with(lambda: dispense(treated, "own", site="north", store="NDS"))
    assert treated.rows("north", "repeat", "remaining") == [(3,)]
    treated.cycle()
    assert remaining(treated) == everywhere(3)


@pytest.mark.long
def test_b33_a_home_that_is_away_counts_when_it_is_back_and_once(treated: Clinics) -> None:
    url = treated.urls["north"]
    dispense(treated, "rx1")
    treated.configure(north={"enabled": False})
    treated.cycle()
    dispense(treated, "rx2")
    treated.cycle()
    treated.configure()
    treated.cycle()
    assert treated.rows("north", "repeat", "remaining") == [(3,)]
    treated.cycle()
    assert remaining(treated) == everywhere(3)
    assert treated.urls["north"] == url


@pytest.mark.long
def test_b33_a_set_that_a_site_did_not_get_is_made_again_with_its_counts(treated: Clinics, monkeypatch) -> None:
    def unreachable(*given: object, **named: object) -> None:
        raise Unreachable("the line is down")

    dispense(treated, "rx1")
    with monkeypatch.context() as patch:
        patch.setattr("sites.deliver.deliver.deliver", unreachable)
        treated.cycle()
    assert treated.rows("north", "repeat", "remaining") == [(5,)]
    dispense(treated, "rx2")
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(3)


@pytest.mark.long
def test_b33_an_answer_that_central_never_heard_is_not_counted_twice(treated: Clinics, monkeypatch) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def killed(*given: object, **named: object) -> None:
        raise Killed

    dispense(treated, "rx")
    with monkeypatch.context() as patch:
        patch.setattr("central.cycle.deliver.delivery_file.write_deliveries", killed)
        with pytest.raises(Killed):
            treated.cycle()
    assert treated.rows("north", "repeat", "remaining") == [(4,)]
    treated.cycle()
    treated.cycle()
    assert remaining(treated) == everywhere(4)


@pytest.mark.long
def test_b34_where_repeats_are_processed_anywhere_whoever_sees_the_patient_counts(treated: Clinics) -> None:
    treated.configure({"repeats_anywhere": True})
    dispense(treated, "rx")
    for _ in range(3):
        treated.cycle()
    assert remaining(treated) == everywhere(4)
    assert treated.reasons("repeat") == {}
    assert treated.warehouse(AWAY) == []


@pytest.mark.long
def test_p4_what_came_with_a_first_contact_is_listed_and_not_counted(unheard_clinics: Clinics) -> None:
    clinics = unheard_clinics
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    repeat = {"id": "rep", "patient_id": "ana", "remaining": 5}
    clinics.people_put("north", "repeat", repeat)
    clinics.people_put("central", "patient", patient("ana", "NDS"))
    clinics.people_put("central", "patient_store_join", seen("ana", "SDS"))
    clinics.people_put("south", "patient", patient("ana", "NDS"))
    clinics.people_put("south", "repeat", repeat)
    clinics.people_put("south", "prescription", {**prescription("old", "SDS", "ana"), "status": "finalised"})
    line = {"id": "old-1", "prescription_id": "old", "pack_size": 1, "packs": 2}
    clinics.people_put("south", "prescription_line", {**line, "repeat_id": "rep"})
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("south", "update prescription_line set directions = 'with food'")
    clinics.cycle()
    clinics.cycle()
    assert remaining(clinics) == everywhere(5)
    assert ("SDS", None, "prescription", "old", "repeat_away_from_home") in clinics.warehouse(AWAY)


@pytest.mark.long
def test_b33_a_program_without_the_column_counts_nothing_and_nothing_stops(treated: Clinics) -> None:
    treated.people_run("north", "alter table repeat drop column remaining")
    dispense(treated, "rx")
    treated.cycle()
    treated.cycle()
    assert treated.warehouse("select site_code, last_outcome from ledger.site order by 1") == [
        ("central", "ok"), ("north", "ok"), ("south", "ok")
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("what", ["store", pytest.param("primary", marks=pytest.mark.long)])
def test_b33_b29_what_is_to_be_counted_is_counted_before_the_home_is_handed_over(treated: Clinics, what: str) -> None:
    """The count comes with the very set that says so: the site counts, and hands over once that is pulled."""
    clinics = treated
    if what == "store":
        clinics.configure(NDS={"active_on": "south", "collector_on": []})
    else:
        clinics.people_put("central", "patient", patient("bob", "CMS"))
        clinics.people_put("central", "repeat", {"id": "bobs", "patient_id": "bob", "item_id": "amoxicillin",
                                                 "remaining": 5})  # fmt: skip
        clinics.people_put("central", "patient_store_join", seen("bob", "SDS"))
        clinics.cycle()
        clinics.configure(network={"primary": "north"})
    apply(clinics)
    name, who = ("rep", "ana") if what == "store" else ("bobs", "bob")
    clinics.people_put("south", "prescription", {**prescription("rx", "SDS", who), "status": "finalised"})
    line = {"id": "rx-1", "prescription_id": "rx", "item_id": "amoxicillin", "pack_size": 1, "packs": 2}
    clinics.people_put("south", "prescription_line", {**line, "repeat_id": name})
    for _ in range(7):
        clinics.sync()
    assert clinics.warehouse("select state from ledger.move") == [("done",)]
    assert clinics.warehouse(f"select remaining from replica.repeat where id = '{name}'") == [(4,)]
