"""M5: a change set that could not be delivered never goes over what became of its records since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.cycle.run import run_cycle
from central.cycle.stages import admit_next, pull_due, route_last
from sync_rules.table import policies
from tests.central.clinics import Clinics, patient, seen
from tests.central.small_network import NOW, Network
from tests.central.test_cycle import cycles
from tests.central.test_rule_change import Rule, rule
from tests.central.test_rules_while_away import OPEN, SHELF, primary_makes_the_shelf, shelves

__all__ = ["rule"]


def undelivered(network: Network, minute: int = 0) -> None:
    """A cycle in which nothing could be delivered."""
    run_cycle(network.project, now=NOW + timedelta(minutes=minute), stages=(pull_due, admit_next, route_last))


def primary_edits_norths_shelf(network: Network, rule: Rule) -> None:
    """And North could be pulled, but not delivered to."""
    primary_makes_the_shelf(network, rule, policies.CENTRAL_STORE)
    network.people_put("central", "location", {**SHELF, "name": "By primary"})
    undelivered(network)


@pytest.mark.long
def test_m5_a_correction_that_was_not_delivered_leaves_the_row_alone_that_somebody_mended(network: Network) -> None:
    network.people_put("north", "location", {**SHELF, "volume": 1})
    cycles(network)
    network.people_run("north", "update location set store_id = 'CMS'")
    undelivered(network)
    assert [row[3] for row in network.warehouse(OPEN)] == ["gives_away"]
    network.people_run("north", "update location set store_id = 'NTH', name = 'Mended'")
    cycles(network)
    assert ("superseded",) in network.warehouse("select state from ledger.change_set where site_id = 2")
    cycles(network)
    assert network.rows("north", "location", "id, name") == shelves(network) == [("shelf", "Mended")]


@pytest.mark.long
def test_m5_b22_patients_that_were_not_sent_again_are_not_sent_over_a_newer_edit(clinics: Clinics) -> None:
    clinics.configure(NDS={"resync_patients_on_save": True})
    clinics.people_put("north", "patient", patient("p", "NDS"))
    clinics.people_put("north", "patient_store_join", seen("p", "NDS"))
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("central", "update store set is_disabled = false where id = 'NDS'")
    undelivered(clinics, 50)
    clinics.people_run("north", "update patient set last_name = 'Edited' where id = 'p'")
    clinics.cycle()
    clinics.cycle()
    at_north = clinics.rows("north", "patient", "last_name")
    assert at_north == clinics.warehouse("select last_name from replica.patient") == [("Edited",)]


@pytest.mark.long
def test_m5_not_over_what_is_local_now(network: Network, rule: Rule) -> None:
    primary_edits_norths_shelf(network, rule)
    rule("location", policies.LOCAL)
    network.people_put("north", "location", {**SHELF, "name": "North's own"})
    cycles(network)
    cycles(network)
    assert network.rows("north", "location", "id, name") == [("shelf", "North's own")]


@pytest.mark.long
def test_m5_not_over_an_edit_that_another_rule_admits(network: Network, rule: Rule) -> None:
    primary_edits_norths_shelf(network, rule)
    rule("location", policies.STORE)
    network.people_put("north", "location", {**SHELF, "name": "North's own"})
    cycles(network)
    cycles(network)
    assert shelves(network) == network.rows("north", "location", "id, name") == [("shelf", "North's own")]


@pytest.mark.long
def test_m5_a3_a_correction_is_no_more_once_the_site_may_edit(network: Network, rule: Rule) -> None:
    primary_makes_the_shelf(network, rule, policies.CENTRAL)
    network.people_put("north", "location", {**SHELF, "name": "Wrong"})
    undelivered(network)
    rule("location", policies.STORE)
    network.people_put("north", "location", {**SHELF, "name": "Right"})
    cycles(network)
    cycles(network)
    assert shelves(network) == network.rows("north", "location", "id, name") == [("shelf", "Right")]
