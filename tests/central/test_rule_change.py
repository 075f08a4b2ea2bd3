"""Rules have a version: where the last cycle went by another one, records that exist follow those of now (R3, P9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from central.explain.record import explain
from sync_rules import egress, version
from sync_rules.table import policies
from sync_rules.table.policies import Policy
from sync_rules.table.rules import PARTS, REST, RULES
from tests.central.clinics import Clinics
from tests.central.small_network import Network
from tests.central.test_cycle import cycles
from warehouse.connection import open_warehouse

Rule = Callable[[str, Policy], None]


def forget_rules() -> None:
    version.rules_version.cache_clear()
    egress.signatures.cache_clear()
    egress.each_leaving.cache_clear()


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rule]:
    """A callable that gives the records of a table another policy, as another version of the program would."""

    def change(table: str, policy: Policy) -> None:
        changed = replace(RULES[table], policy=policy)
        monkeypatch.setitem(RULES, table, changed)
        monkeypatch.setitem(PARTS, table, {**PARTS[table], REST: changed})
        forget_rules()

    yield change
    monkeypatch.undo()
    forget_rules()


def ids(network: Network, site: str, table: str) -> list[str]:
    return [row[0] for row in network.rows(site, table, "id")]


def test_the_version_is_a_hash_of_what_decides(rule: Rule) -> None:
    before = version.rules_version()
    assert before == version.rules_version()
    rule("location", policies.CENTRAL)
    assert version.rules_version() != before


def test_r3_a_changed_policy_reaches_the_records_that_exist_and_back(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("north", "location", {"id": "shelf-n", "store_id": "NTH", "name": "Shelf"})
    network.people_put("south", "location", {"id": "shelf-s", "store_id": "STH", "name": "Shelf"})
    cycles(network)
    of_stores = {"central": [], "north": ["shelf-n"], "south": ["shelf-n", "shelf-s"]}
    assert {site: ids(network, site, "location") for site in network.urls} == of_stores
    rule("location", policies.CENTRAL)
    cycles(network)
    assert [ids(network, site, "location") for site in network.urls] == [["shelf-n", "shelf-s"]] * 3
    assert _explained(network, "location", "shelf-n") == {"central": True, "north": True, "south": True}
    rule("location", policies.STORE)
    cycles(network)
    assert {site: ids(network, site, "location") for site in network.urls} == of_stores
    assert _explained(network, "location", "shelf-s") == {"central": False, "north": False, "south": True}
    cycles(network)
    assert network.warehouse(
        "select count(*) from ledger.sequence where cycle = (select max(cycle) from ledger.cycle)"
    ) == [(0,)]


def _explained(network: Network, table: str, record_id: str) -> dict[str, bool]:
    project = network.project
    with open_warehouse(project.warehouse, project.schema) as con:
        found = explain(con, project, table, record_id, project.topology.sites)
    return {one.site: one.has_it for one in found.sites}


@pytest.mark.long
def test_r3_lines_follow_their_document_under_another_rule(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("north", "stocktake", {"id": "count", "store_id": "NTH", "status": "new", "number": 1})
    network.people_put("north", "stocktake_line", {"id": "counted", "stocktake_id": "count", "item_id": "amoxicillin"})
    cycles(network)
    assert ids(network, "central", "stocktake_line") == []
    for table in ("stocktake", "stocktake_line"):
        rule(table, policies.CENTRAL_DISPENSARY)  # primary, as there is no dispensary
    cycles(network)
    assert ids(network, "central", "stocktake_line") == ["counted"]
    assert ids(network, "south", "stocktake_line") == []


@pytest.mark.long
def test_p9_what_newly_leaves_is_read_whole_and_what_ceases_to_is_withdrawn(network: Network, rule: Rule) -> None:
    """Precision 30: what leaves a site is compared under the old rules and the new ones."""
    network.people_put("central", "reference_document", {"id": "guide", "title": "Guide"})
    cycles(network)
    network.people_put("central", "reference_document", {"id": "later", "title": "Later"})
    cycles(network)
    assert ids(network, "north", "reference_document") == []
    rule("reference_document", policies.CENTRAL)
    cycles(network)
    assert ids(network, "north", "reference_document") == ["guide", "later"]
    assert ids(network, "south", "reference_document") == ["guide", "later"]
    rule("reference_document", policies.LOCAL)
    cycles(network)
    assert network.warehouse("select count(*) from replica.reference_document") == [(0,)]
    assert [ids(network, site, "reference_document") for site in ("north", "south")] == [[], []]
    assert ids(network, "central", "reference_document") == ["guide", "later"], "where it was made it stays"


@pytest.mark.long
def test_p9_a_site_that_was_away_is_read_by_the_new_rules_when_it_is_back(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("south", "reference_document", {"id": "guide", "title": "Guide"})
    cycles(network)
    rule("reference_document", policies.CENTRAL)
    cycles(network, only=["central", "north"])
    assert network.warehouse("select count(*) from ledger.quarantine") == [(0,)]
    cycles(network)
    assert network.warehouse("select record_id, reason from ledger.quarantine") == [("guide", "not_primary")]


def test_r3_working_everything_out_again_under_the_same_rules_changes_nothing(clinics: Clinics) -> None:
    """What the rules say leaves nothing to do where they are the same: clinics with everything in them."""
    before = clinics.warehouse("select last_seq from ledger.counter")
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        con.execute("update ledger.cycle set rules_version = 'others'")
    clinics.cycle()
    assert clinics.warehouse("select last_seq from ledger.counter") == before


def test_the_rules_that_sites_are_read_by_are_remembered(network: Network) -> None:
    cycles(network)
    with open_warehouse(network.project.warehouse, network.project.schema) as con:
        remembered = con.execute("select distinct leaves from ledger.site").fetchall()
    assert len(remembered) == 1
    assert egress.signatures()["item"] in remembered[0][0]
