"""Rules and settings that change while a site is away, or between its pull and its admission (P9, precision 30).

Whatever a site was read by is remembered as it was; what the warehouse gave up is read again when it leaves again; and
no copy that a site merely has turns into an edit or a rejection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from central.cycle.run import run_cycle
from central.cycle.stages import Asked, Stage, admit_next, deliver_last, pull_due, route_last
from central.explain.record import explain
from sync_rules.table import policies
from sync_rules.table.rules import PARTS, REST, RULES
from tests.central.clinics import Clinics
from tests.central.small_network import NOW, Network, stock_line
from tests.central.test_cycle import cycles
from tests.central.test_rule_change import Rule, forget_rules, ids, rule
from warehouse.connection import open_warehouse

__all__ = ["rule"]

OPEN = "select table_name, record_id, site_id, reason from ledger.quarantine where state = 'open' order by all"
SHELF = {"id": "shelf", "store_id": "NTH", "name": "Shelf"}
GONE = {"id": "gone", "store_id": "NTH", "name": "Gone"}
GUIDE = {"id": "guide", "title": "Guide"}


@contextmanager
def away(network: Network, site: str) -> Iterator[None]:
    """The site cannot be reached: its database is elsewhere."""
    here = network.folder / f"{site}.sqlite"
    here.rename(here.with_suffix(".away"))
    yield
    here.with_suffix(".away").rename(here)


def pulled_before(network: Network, minute: int, change: Rule, table: str, policy: policies.Policy) -> None:
    """A cycle whose pulls were made before the rules changed, and whose admission after that."""

    def upgraded(asked: Asked) -> None:
        change(table, policy)

    between: Stage = upgraded
    stages = (pull_due, between, admit_next, route_last, deliver_last)
    run_cycle(network.project, now=NOW + timedelta(minutes=minute), stages=stages)


def everywhere(network: Network, table: str) -> dict[str, list[str]]:
    return {site: ids(network, site, table) for site in network.urls}


def shelves(network: Network) -> list[tuple[object, ...]]:
    return network.warehouse("select id, name from replica.location order by id")


def primary_makes_the_shelf(network: Network, rule: Rule, policy: policies.Policy) -> None:
    """And everybody who receives records of that policy has it."""
    rule("location", policy)
    cycles(network)
    network.people_put("central", "location", SHELF)
    cycles(network)


# -- what was given up is read again


def test_p9_a_table_that_was_local_while_its_site_was_away_is_read_again(network: Network, rule: Rule) -> None:
    network.people_put("north", "location", SHELF)
    cycles(network)
    with away(network, "north"):
        rule("location", policies.LOCAL)
        cycles(network)
        assert shelves(network) == []
        rule("location", policies.STORE)
        cycles(network)
    cycles(network)
    assert shelves(network) == [("shelf", "Shelf")]
    assert ids(network, "south", "location") == ["shelf"]
    assert network.warehouse(OPEN) == []


@pytest.mark.long
def test_p9_stores_whose_stock_was_kept_while_their_site_was_away_are_read_again(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north", "south", "warehouse"}
    clinics.configure(NDS={"include_transactions": False})
    clinics.cycle("central", "south")
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}
    clinics.configure()
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north", "south", "warehouse"}
    assert clinics.warehouse(OPEN) == []


# -- pulled by some rules, admitted by others


@pytest.mark.long
def test_p9_a_first_contact_pulled_by_older_rules_is_read_again_by_the_newer(network: Network, rule: Rule) -> None:
    network.people_put("central", "reference_document", GUIDE)
    pulled_before(network, 0, rule, "reference_document", policies.CENTRAL)
    cycles(network)
    assert network.warehouse("select id from replica.reference_document") == [("guide",)]
    assert ids(network, "north", "reference_document") == ["guide"]


@pytest.mark.long
def test_p9_a_later_pull_by_older_rules_is_read_again_by_the_newer(network: Network, rule: Rule) -> None:
    network.people_put("central", "reference_document", GUIDE)
    cycles(network)
    pulled_before(network, 5, rule, "reference_document", policies.CENTRAL)
    cycles(network)
    assert ids(network, "north", "reference_document") == ["guide"]


@pytest.mark.long
def test_p9_a_pull_by_newer_rules_admitted_by_older_ones_again_loses_nothing(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("north", "location", SHELF)
    rule("location", policies.LOCAL)
    pulled_before(network, 5, rule, "location", policies.STORE)
    cycles(network)
    assert shelves(network) == [("shelf", "Shelf")]


@pytest.mark.long
def test_p3_what_was_pulled_when_it_still_left_is_nobodys_mistake(network: Network, rule: Rule) -> None:
    cycles(network)
    rule("reference_document", policies.CENTRAL)
    network.people_put("central", "reference_document", GUIDE, {"id": "old", "title": "Old"})
    cycles(network)
    network.people_put("central", "reference_document", {"id": "new", "title": "New"}, {"id": "old", "title": "Old 2"})
    pulled_before(network, 5, rule, "reference_document", policies.LOCAL)
    cycles(network)
    assert network.warehouse("select id from replica.reference_document") == []
    assert everywhere(network, "reference_document") == {"central": ["guide", "new", "old"], "north": [], "south": []}
    assert network.warehouse(OPEN) == []
    network.people_run("central", "delete from reference_document where id = 'new'")
    cycles(network)
    rule("reference_document", policies.CENTRAL)
    cycles(network)
    assert network.rows("north", "reference_document", "id, title") == [("guide", "Guide"), ("old", "Old 2")]
    assert network.warehouse(OPEN) == []


@pytest.mark.long
def test_p9_a_cycle_pulled_by_a_version_without_a_version_of_rules(network: Network) -> None:
    """It is admitted after the upgrade, and its sites are read whole at the next pull."""
    network.people_put("north", "location", SHELF)
    asked = Asked(network.project, NOW, "nobody@nowhere", None)
    pull_due(asked)
    (file,) = (network.project.pulls / "cycles").glob("*.json")
    lines = [line for line in file.read_text().splitlines() if '"rules_version"' not in line and "hash" not in line]
    start = lines.index(' "leaves": {')
    end = lines.index(" },", start)
    file.write_text("\n".join(lines[:start] + lines[end + 1 :]))
    for stage in (admit_next, route_last, deliver_last):
        stage(asked)
    assert network.warehouse("select distinct leaves from ledger.site where bookmark is not null") == [("{}",)]
    cycles(network)
    assert ids(network, "south", "location") == ["shelf"]


# -- copies are no edits


@pytest.mark.long
def test_p9_an_old_copy_does_not_undo_what_was_edited_since(network: Network, rule: Rule) -> None:
    """North owned the shelves, then primary did, then North again: what it has from before is not its edit."""
    network.people_put("north", "location", SHELF, GONE)
    cycles(network)
    rule("location", policies.CENTRAL)
    cycles(network)
    with away(network, "north"):
        network.people_put("central", "location", {**SHELF, "name": "Edited by primary"})
        network.people_run("central", "delete from location where id = 'gone'")
        cycles(network)
    rule("location", policies.STORE)
    cycles(network)
    assert shelves(network) == [("shelf", "Edited by primary")]
    assert network.rows("north", "location", "id, name") == [("shelf", "Edited by primary")]
    assert network.warehouse(OPEN) == []


@pytest.mark.long
def test_p9_an_old_copy_elsewhere_is_not_rejected(network: Network, rule: Rule) -> None:
    network.people_put("north", "location", SHELF, GONE)
    cycles(network)
    network.people_put("north", "location", {**SHELF, "name": "Edited"})
    network.people_run("north", "delete from location where id = 'gone'")
    cycles(network, only=["central", "north"])
    rule("location", policies.CENTRAL)
    cycles(network)
    assert network.rows("south", "location", "id, name") == [("shelf", "Edited")]
    assert network.warehouse("select count(*) from ledger.quarantine") == [(0,)]


@pytest.mark.long
def test_p9_copies_of_what_was_local_meanwhile_are_removed_not_rejected(network: Network, rule: Rule) -> None:
    network.people_put("north", "location", SHELF)
    cycles(network)
    rule("location", policies.LOCAL)
    cycles(network, only=["central", "north"])
    network.people_run("north", "delete from location")
    cycles(network, only=["central", "north"])
    rule("location", policies.STORE)
    cycles(network)
    assert everywhere(network, "location") == {"central": [], "north": [], "south": []}
    assert network.warehouse("select count(*) from ledger.quarantine") == [(0,)]


@pytest.mark.long
def test_p3_what_waited_is_closed_when_its_table_is_local(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("north", "item", {"id": "new", "code": "N", "name": "New", "unit_id": "tablet"})
    network.people_put("north", "stocktake", {"id": "count", "store_id": "NTH", "status": "new", "number": 1})
    network.people_put("north", "stocktake_line", {"id": "counted", "stocktake_id": "count", "item_id": "new"})
    cycles(network)
    assert {row[0] for row in network.warehouse(OPEN)} == {"item", "stocktake", "stocktake_line"}
    for table in ("stocktake", "stocktake_line"):
        rule(table, policies.LOCAL)
    cycles(network)
    assert [row[0] for row in network.warehouse(OPEN)] == ["item"]
    assert ids(network, "north", "stocktake") == ["count"]
    closed = "select distinct state from ledger.quarantine where table_name like 'stocktake%'"
    assert network.warehouse(closed) == [("closed",)]


# -- who keeps what is local now


@pytest.mark.long
@pytest.mark.parametrize("seen", [False, True])
def test_p3_what_is_local_now_stays_where_its_store_is_active(network: Network, rule: Rule, seen: bool) -> None:
    """Primary made the shelf for North's store: it is North's own data."""
    primary_makes_the_shelf(network, rule, policies.CENTRAL_STORE)
    if seen:
        rule("location", policies.STORE)
        cycles(network)
    assert ids(network, "north", "location") == ["shelf"]
    rule("location", policies.LOCAL)
    cycles(network)
    assert everywhere(network, "location") == {"central": [], "north": ["shelf"], "south": []}


@pytest.mark.long
def test_o7_what_left_the_warehouse_was_not_deleted_by_anybody(network: Network, rule: Rule) -> None:
    cycles(network)
    network.people_put("north", "location", SHELF)
    cycles(network)
    rule("location", policies.LOCAL)
    cycles(network)
    project = network.project
    with open_warehouse(project.warehouse, project.schema) as con:
        found = explain(con, project, "location", "shelf", project.topology.sites)
    assert found.state == "withdrawn"
    assert "stays at NTH" in found.entries[-1].words or "stays at north" in found.entries[-1].words


# -- what is stock


@pytest.mark.long
def test_b22_a_table_that_is_no_stock_any_more_leaves_quiet_dispensaries(
    clinics: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinics.configure(NDS={"include_transactions": False})
    clinics.people_put("north", "stock_line", stock_line(1, "NDS"))
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}
    changed = replace(RULES["stock_line"], table=replace(RULES["stock_line"].table, is_stock=False))
    monkeypatch.setitem(RULES, "stock_line", changed)
    monkeypatch.setitem(PARTS, "stock_line", {REST: changed})
    forget_rules()
    clinics.cycle()
    assert "warehouse" in clinics.where("stock_line", "stock-NDS-1")
    monkeypatch.undo()
    forget_rules()
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-1") == {"north"}
