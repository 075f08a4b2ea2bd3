"""Scopes and what leaves a site: who subscribes to what, and what stays where it is (R3, R7, P3, P9, T6, B22, B36)."""

from __future__ import annotations

import polars as pl
import pytest

from sync_rules.leaving import NOTHING, leaving, withheld
from sync_rules.scopes import record_scopes, site_scopes
from sync_rules.topology import Site, Store, Topology, instances, placement
from sync_rules.words import Leaving, SyncType

SITES = (Site(1, "central"), Site(2, "north"), Site(3, "south"))
# WARD is a dispensary; south sees all stores, so it may collect
STORES = (
    Store("HQ", "central", collector_on=("south",)),
    Store("CLINIC", "north", collector_on=("south",)),
    Store("FAR", "north", SyncType.TRANSFER),
    Store("WARD", "north", collector_on=("south",), include_transactions=False),
    Store("SHOP", "south"),
)
RECORDS = pl.DataFrame(
    [(store.code, store.code, store.code, "dispensary" if store.code == "WARD" else "store") for store in STORES],
    schema=["id", "code", "name_id", "mode"],
    orient="row",
)
SEEN = pl.DataFrame([("SHOP", store.code) for store in STORES], schema=["store_id", "name_id"], orient="row")


def scopes(primary: str = "central") -> dict[int, set[str]]:
    topology = Topology("central", primary, SITES, STORES)
    placed = placement(topology, RECORDS)
    frame = site_scopes(topology, placed, instances(topology, placed, SEEN))
    return {site.id: set(frame.filter(pl.col("site_id") == site.id)["scope"]) for site in SITES}


def test_every_site_has_what_is_everywhere_and_its_own_rows():
    assert all({"everywhere", f"site:{site}"} <= found for site, found in scopes().items())


@pytest.mark.parametrize(("primary", "site"), [("central", 1), ("north", 2)])
def test_one_site_is_primary(primary, site):
    assert [number for number, found in scopes(primary).items() if "primary" in found] == [site]


def test_data_of_dispensaries_goes_where_one_is_active():
    assert [site for site, found in scopes().items() if "dispensaries" in found] == [2]


def test_b36_central_subscribes_to_the_stores_that_are_active_there_and_collects_in_the_warehouse_only():
    assert {scope for scope in scopes()[1] if scope.startswith(("store:", "stock:"))} == {"store:HQ", "stock:HQ"}


def test_b22_a_collector_of_a_quiet_dispensary_gets_all_but_its_stock():
    south = scopes()[3]
    assert "store:WARD" in south
    assert "stock:WARD" not in south
    assert {"store:WARD", "stock:WARD"} <= scopes()[2]


def test_t5_a_transfer_instance_brings_the_store_record_and_no_data():
    south = scopes()[3]
    assert "instance:FAR" in south
    assert not {"store:FAR", "stock:FAR", "active:FAR"} & south


def test_t3_every_store_has_an_instance_on_central_and_on_primary():
    everyone = {f"instance:{store.code}" for store in STORES}
    assert everyone <= scopes()[1]
    assert everyone <= scopes("north")[2]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("item", ["everywhere"]),
        ("diagnosis", ["dispensaries", "primary"]),
        ("dashboard_report", ["everywhere"]),
        ("name_store_join", ["active:CLINIC", "primary"]),
        ("store", ["instance:CLINIC"]),
        ("store_site", ["site:CLINIC"]),
        ("location", ["store:CLINIC"]),
        ("stock_line", ["stock:CLINIC"]),
        ("invoice_line", ["stock:CLINIC"]),
        ("requisition_line", ["store:CLINIC"]),
        ("reminder", []),
    ],
)
def test_a_record_has_the_scopes_of_its_policy(table, expected):
    records = pl.DataFrame({"table_name": [table], "owner": ["CLINIC"], "maker": [2]})
    assert record_scopes(records).to_list() == [expected]


def test_a_record_without_an_owner_has_its_other_scopes():
    records = pl.DataFrame(
        {"table_name": ["item_store_join"], "owner": [None], "maker": [2]},
        schema={"table_name": pl.String(), "owner": pl.String(), "maker": pl.Int64()},
    )
    assert "primary" in record_scopes(records).to_list()[0]


def placed() -> pl.DataFrame:
    return placement(Topology("central", "central", SITES, STORES), RECORDS)


def test_t6_b22_what_stays_at_its_site():
    found = withheld(placed())
    assert (found.everything, found.stock) == (frozenset({"FAR"}), frozenset({"WARD"}))


def test_p3_local_data_never_leaves():
    found = leaving(NOTHING, NOTHING)
    assert {"reminder", "label", "log", "preference", "user_permission"}.isdisjoint(found)


def test_p3_a_line_is_withheld_through_its_document():
    line = leaving(withheld(placed()), withheld(placed()))["invoice_line"]
    assert line == Leaving(
        "invoice_line", (("invoice_id", "invoice"),), "store_id", frozenset({"FAR", "WARD"}), frozenset()
    )


def test_b22_requisitions_of_a_quiet_dispensary_leave():
    assert leaving(withheld(placed()), NOTHING)["requisition"].withheld == frozenset({"FAR"})


def test_p9_what_begins_to_leave_is_read_whole_once():
    before = withheld(placed())
    found = leaving(NOTHING, before)
    assert found["stock_line"].whole == frozenset({"FAR", "WARD"})
    assert found["location"].whole == frozenset({"FAR"})
    assert found["item"].whole == frozenset()
    assert leaving(before, before)["stock_line"].whole == frozenset()


def test_new_users_leave_when_they_are_made_and_not_again():
    assert [name for name, rule in leaving(NOTHING, NOTHING).items() if rule.only_inserts] == ["user_account"]
