"""Copies that arrive in the cycle in which their record changes (B4, R4, R6)."""

from __future__ import annotations

import pytest

from tests.network.people import Edit, write
from tests.network.real import RealNetwork
from tests.oracle.topology import Wanted, WantedSite, WantedStore

OWNER, COLLECTOR = 2, 3
FIRST, SECOND = {"name": "first"}, {"name": "second"}


@pytest.fixture
def network(new_network) -> RealNetwork:
    """Store A works at the owner's site; the collector's site sees it and keeps a copy. Both were pulled once."""
    sites = [WantedSite(1, "central"), WantedSite(OWNER, "owner"), WantedSite(COLLECTOR, "collector")]
    stores = {"A": WantedStore("A", "owner", collector_on=["collector"]), "B": WantedStore("B", "collector")}
    made: RealNetwork = new_network(
        Wanted("central", "central", sites, stores), {1: "sqlite", OWNER: "postgresql", COLLECTOR: "sqlite"}
    )
    edit(made, Edit(1, "insert", "name", "n", {"code": "A", "type": "store"}))
    edit(made, Edit(1, "insert", "name_store_join", "j", {"name_id": "n", "store_id": "B"}))
    for code in "AB":
        edit(made, Edit(1, "insert", "store", code, {"code": code, "name_id": "n", "mode": "store"}))
    edit(made, Edit(OWNER, "insert", "location", "x", {"store_id": "A", **FIRST}))
    edit(made, Edit(OWNER, "insert", "requisition", "r", {"store_id": "A"}))
    edit(made, Edit(OWNER, "insert", "requisition_line", "l", {"requisition_id": "r"}))
    made.cycle()
    return made


def edit(network: RealNetwork, one: Edit) -> None:
    with network.person(one.site_id) as db:
        write(db, one)


def names(network: RealNetwork, site_id: int) -> dict[str, str]:
    return {record_id: row["name"] for record_id, row in network.site_rows(site_id, ["location"])["location"].items()}


@pytest.mark.long
def test_a_collector_that_touches_its_copy_gets_the_owners_change_of_that_cycle(network):
    edit(network, Edit(COLLECTOR, "update", "location", "x", FIRST))
    edit(network, Edit(OWNER, "update", "location", "x", SECOND))
    network.cycle()
    assert names(network, COLLECTOR) == {"x": "second"}


@pytest.mark.long
def test_a_collector_that_touches_its_copy_loses_what_the_owner_deletes_in_that_cycle(network):
    edit(network, Edit(COLLECTOR, "update", "location", "x", FIRST))
    edit(network, Edit(OWNER, "delete", "location", "x", {}))
    network.cycle()
    assert names(network, COLLECTOR) == {}


@pytest.mark.long
def test_a_document_can_be_deleted_while_a_collector_touches_its_copies(network):
    edit(network, Edit(COLLECTOR, "update", "requisition_line", "l", {"requisition_id": "r"}))
    edit(network, Edit(OWNER, "delete", "requisition_line", "l", {}))
    edit(network, Edit(OWNER, "delete", "requisition", "r", {}))
    network.cycle()
    tables = ["requisition", "requisition_line"]
    assert network.site_rows(COLLECTOR, tables) == {"requisition": {}, "requisition_line": {}}
    assert network.warehouse_rows(tables) == {"requisition": {}, "requisition_line": {}}
