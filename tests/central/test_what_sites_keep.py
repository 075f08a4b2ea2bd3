"""What sites have when rules change: the last copy of a record, of an edit, or of a row of their own is never lost."""

from __future__ import annotations

import polars as pl
import pytest

from central import decisions
from sync_rules import egress, version
from sync_rules.table import policies, rules
from sync_rules.table.data_types import SYNCED_KEYS, Condition
from tests.central.clinics import Clinics, central_rows
from tests.central.small_network import NOW, Network, stock_line
from tests.central.test_cycle import cycles
from tests.central.test_rule_change import Rule, forget_rules, ids, rule
from tests.central.test_rules_while_away import (
    GUIDE,
    OPEN,
    SHELF,
    away,
    everywhere,
    primary_makes_the_shelf,
    shelves,
)
from tests.central.test_undelivered import primary_edits_norths_shelf, undelivered
from warehouse.connection import open_warehouse

__all__ = ["rule"]


# -- what is local now


@pytest.mark.long
def test_p3_a_record_that_its_keeper_never_got_stays_where_it_was_made(network: Network, rule: Rule) -> None:
    rule("location", policies.CENTRAL_STORE)
    cycles(network)
    with away(network, "north"):
        network.people_put("central", "location", SHELF)
        cycles(network)
        rule("location", policies.LOCAL)
        cycles(network)
    cycles(network)
    assert shelves(network) == []
    assert everywhere(network, "location")["central"] == ["shelf"]


@pytest.mark.long
def test_p3_so_does_an_edit_that_its_keeper_never_got(network: Network, rule: Rule) -> None:
    primary_makes_the_shelf(network, rule, policies.CENTRAL_STORE)
    with away(network, "north"):
        network.people_put("central", "location", {**SHELF, "name": "Better"})
        cycles(network)
        rule("location", policies.LOCAL)
        cycles(network)
    cycles(network)
    assert network.rows("central", "location", "id, name") == [("shelf", "Better")]
    assert network.rows("north", "location", "id, name") == [("shelf", "Shelf")]


@pytest.mark.long
def test_p3_what_a_site_overruled_stays_when_the_key_is_synced_no_more(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = min(SYNCED_KEYS)
    cycles(network)
    network.people_put("central", "preference", {"id": "p", "key": key, "value": "1"})
    cycles(network)
    network.people_put("north", "preference", {"id": "p", "key": key, "value": "mine"})
    cycles(network)
    others = frozenset(SYNCED_KEYS) - {key}
    monkeypatch.setattr(egress, "SYNCED_KEYS", others)
    monkeypatch.setattr(version, "SYNCED_KEYS", others)
    monkeypatch.setitem(rules._MET, Condition.IS_SYNCED, ("key", pl.col("key").is_in(sorted(others)).fill_null(False)))
    forget_rules()
    cycles(network)
    monkeypatch.undo()
    forget_rules()
    assert network.rows("north", "preference", "value", "id = 'p'") == [("mine",)]


@pytest.mark.long
def test_m2_what_goes_to_nobody_any_more_stays_where_it_is(network: Network, rule: Rule) -> None:
    rule("reference_document", policies.CENTRAL)
    network.people_put("central", "reference_document", GUIDE)
    cycles(network)
    rule("reference_document", policies.NEW_USER)
    cycles(network)
    assert everywhere(network, "reference_document") == {site: ["guide"] for site in network.urls}


# -- what was edited while it was local


@pytest.mark.long
def test_p9_an_edit_after_central_gave_the_record_up_is_no_old_copy(network: Network, rule: Rule) -> None:
    primary_edits_norths_shelf(network, rule)
    rule("location", policies.LOCAL)
    network.people_put("central", "unit", {"id": "box", "name": "box"})
    undelivered(network, 1)
    network.people_put("north", "location", {**SHELF, "name": "North's own"})
    network.people_put("central", "unit", {"id": "bag", "name": "bag"})
    undelivered(network, 2)
    rule("location", policies.STORE)
    cycles(network)
    cycles(network)
    assert shelves(network) == network.rows("north", "location", "id, name") == [("shelf", "North's own")]


@pytest.mark.long
@pytest.mark.parametrize("is_delivered", [True, False])
def test_a2_the_keepers_own_row_is_listed_when_it_is_refused(network: Network, rule: Rule, is_delivered: bool) -> None:
    network.people_put("north", "location", SHELF)
    cycles(network)
    rule("location", policies.LOCAL)
    network.people_put("central", "unit", {"id": "box", "name": "box"})
    cycles(network) if is_delivered else undelivered(network)
    network.people_run("north", "update location set store_id = 'STH'")
    cycles(network) if is_delivered else undelivered(network, 1)
    rule("location", policies.STORE)
    cycles(network)
    assert [row[:3] for row in network.warehouse(OPEN)] == [("location", "shelf", 2)]


@pytest.mark.long
@pytest.mark.parametrize("is_together", [True, False])
def test_b4_a_row_of_another_site_with_the_same_id_is_listed(network: Network, rule: Rule, is_together: bool) -> None:
    rule("location", policies.LOCAL)
    cycles(network)
    for site in ("north", "south"):
        network.people_put(site, "location", {**SHELF, "store_id": "STH", "name": f"{site} says"})
    cycles(network)
    rule("location", policies.STORE)
    if not is_together:
        cycles(network, only=["central", "north"])
    cycles(network)
    assert network.rows("south", "location", "id, name") == [("shelf", "south says")]
    assert [row[2] for row in network.warehouse(OPEN)] == [2]


@pytest.mark.long
@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_p9_what_is_done_in_the_pull_that_reads_the_table_whole_is_done(network: Network, rule: Rule, how: str) -> None:
    network.people_put("north", "location", SHELF)
    cycles(network)
    rule("location", policies.LOCAL)
    cycles(network)
    rule("location", policies.STORE)
    network.people_run("north", "update location set name = 'Edit'" if how == "edited" else "delete from location")
    cycles(network)
    there = [("shelf", "Edit")] if how == "edited" else []
    assert shelves(network) == network.rows("south", "location", "id, name") == there


# -- what operators see


@pytest.mark.long
def test_a2_a_rejected_edit_of_a_table_that_is_local_now_is_kept_whole(network: Network, rule: Rule) -> None:
    """Central's version went over it at its site, so this is the last copy."""
    primary_makes_the_shelf(network, rule, policies.CENTRAL)
    network.people_put("north", "location", {**SHELF, "name": "North counted here"})
    cycles(network)
    assert network.rows("north", "location", "name") == [("Shelf",)]
    ((entry,),) = network.warehouse("select id from ledger.quarantine where state = 'open'")
    rule("location", policies.LOCAL)
    cycles(network)
    decisions.write_decision(
        network.project.pulls, "admit", "north", reason="x", now=NOW, decided_by="ana@office", entry=entry
    )
    cycles(network)
    ((state, row),) = network.warehouse(f"select state, site_row from ledger.quarantine where id = {entry}")
    assert state == "open"
    assert "North counted here" in row


@pytest.mark.long
def test_a2_what_was_discarded_is_not_listed_again_for_being_read_again(network: Network) -> None:
    cycles(network)
    network.people_put("north", "item", {"id": "oil", "code": "S", "name": "Snake oil", "unit_id": "tablet"})
    cycles(network)
    with open_warehouse(network.project.warehouse, network.project.schema) as con:
        con.execute("update ledger.quarantine set state = 'discarded', note = 'known'")
        con.execute("update ledger.site set leaves = '{}'")
    cycles(network)
    assert network.warehouse(OPEN) == []


@pytest.mark.long
def test_b4_copies_that_could_not_be_removed_are_listed_only_until_their_owner_is_heard(
    network: Network, rule: Rule
) -> None:
    """North's shelf refers to its copy; primary is away when the rule is back."""
    network.people_put("central", "location_type", {"id": "cold", "name": "Cold"})
    cycles(network)
    network.people_put("north", "location", {**SHELF, "location_type_id": "cold"})
    cycles(network)
    rule("location_type", policies.LOCAL)
    cycles(network)
    cycles(network)
    assert ids(network, "north", "location_type") == ["cold"]
    before = network.warehouse(OPEN)
    with away(network, "central"):
        rule("location_type", policies.CENTRAL)
        cycles(network)
    cycles(network)
    assert network.warehouse(OPEN) == before


@pytest.mark.long
def test_r7_a_copy_from_before_the_first_contact_that_belongs_elsewhere_goes(unheard_clinics: Clinics) -> None:
    """It is judged before the row comes from the site that may make it: that it is the very same is learned then."""
    row = stock_line(1, "SDS")
    for table in ("unit", "item", "name", "store"):
        unheard_clinics.people_put("south", table, *central_rows()[table])
    unheard_clinics.people_put("south", "stock_line", row)
    unheard_clinics.people_put("central", "stock_line", row)
    unheard_clinics.cycle()
    assert unheard_clinics.reasons("stock_line") == {}
    unheard_clinics.cycle()
    assert unheard_clinics.where("stock_line", row["id"]) == {"south", "warehouse"}
