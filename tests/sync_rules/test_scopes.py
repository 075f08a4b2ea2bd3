"""Scopes and what leaves a site: who subscribes to what, and what stays where it is (R3, R7, P3, P9, T6, B22, B36)."""

from __future__ import annotations

import re

import polars as pl
import pytest

from sync_rules.egress import NOTHING, Leaving, leaving, withheld
from sync_rules.for_people.network import Network
from sync_rules.for_people.scopes import of_what, why
from sync_rules.frame import FrameOf
from sync_rules.frames import InStore, StoreName
from sync_rules.scopes import People, record_scopes, site_scopes
from sync_rules.table.data_types import SYNCED_KEYS, TOPOLOGY_KEYS
from sync_rules.table.rules import PARTS
from sync_rules.topology.frames import Placement, StoreRecord
from sync_rules.topology.instances import instances
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site, Store, Topology
from sync_rules.transfers.kinds import HALVES, HEADERS
from sync_rules.words import SyncType

SITES = (Site(1, "central"), Site(2, "north"), Site(3, "south"))
# WARD is a dispensary; south sees all stores, so it may collect
STORES = (
    Store("HQ", "central", collector_on=("south",)),
    Store("CLINIC", "north", collector_on=("south",)),
    Store("FAR", "north", SyncType.TRANSFER),
    Store("WARD", "north", collector_on=("south",), include_transactions=False),
    Store("SHOP", "south"),
)
RECORDS = StoreRecord.of(
    (store.code, store.code, store.code, "dispensary" if store.code == "WARD" else "store", None) for store in STORES
)
SEEN = StoreName.of(("SHOP", store.code) for store in STORES)

HERE = frozenset({"FAR", "WARD"})


def scopes(primary: str = "central", people: People | None = None) -> dict[int, set[str]]:
    topology = Topology("central", primary, SITES, STORES)
    placed = placement(topology, RECORDS)
    frame = site_scopes(topology, placed, instances(topology, placed, SEEN), people)
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


COLUMNS = {
    "table_name": pl.String(),
    "part": pl.String(),
    "owner": pl.String(),
    "about": pl.String(),
    "maker": pl.Int64(),
}


def scopes_of(
    table: str, part: str = "otherwise", owner: str | None = "CLINIC", about: str | None = "mary"
) -> list[str]:
    record = pl.DataFrame([(table, part, owner, about, 2)], schema=COLUMNS, orient="row")
    found: list[str] = record_scopes(record).to_list()[0]
    return found


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("item", ["everywhere"]),
        ("diagnosis", ["dispensaries", "primary"]),
        ("dashboard_report", ["everywhere"]),
        ("name_store_join", ["primary", "store:CLINIC"]),
        ("store", ["instance:CLINIC"]),
        ("store_preference", ["primary", "store:CLINIC", "store_records"]),
        ("store_site", ["site:CLINIC"]),
        ("location", ["store:CLINIC"]),
        ("stock_line", ["stock:CLINIC"]),
        ("invoice_line", ["stock:CLINIC"]),
        ("requisition_line", ["store:CLINIC"]),
        ("goods_received_line", ["order:mary", "store:CLINIC"]),
        ("patient", ["named:mary", "patient:mary", "primary"]),
        ("insurance_policy", ["patient:mary", "primary"]),
        ("prescriber", ["named:mary", "prescriber:mary", "primary"]),
        ("patient_store_join", ["primary", "store:CLINIC"]),
        ("prescription_line", ["follow:mary", "stock:CLINIC"]),
        ("message", ["active:CLINIC", "active:mary"]),
        ("reminder", []),
    ],
)
def test_a_record_has_the_scopes_of_its_policy(table, expected):
    assert scopes_of(table) == expected


@pytest.mark.parametrize(
    ("table", "part", "expected"),
    [
        ("purchase_order_line", "centralised", ["primary", "store:CLINIC"]),
        ("purchase_order_line", "otherwise", ["store:CLINIC"]),
        ("preference", "of_topology", ["site:CLINIC"]),
        ("preference", "synced", ["everywhere"]),
        ("preference", "otherwise", []),
    ],
)
def test_b15_a_record_has_the_scopes_of_its_part(table, part, expected):
    assert scopes_of(table, part) == expected


def test_a_record_without_an_owner_has_its_other_scopes():
    assert scopes_of("item_store_join", owner=None) == ["primary"]


def test_b38_a_blank_sender_is_the_site_that_wrote_and_a_blank_receiver_is_everybody():
    assert scopes_of("message", owner=None) == ["active:mary", "site:2"]
    assert scopes_of("message", about=None) == ["active:CLINIC", "everywhere"]


def test_records_keep_their_order_and_each_has_its_own_scopes():
    rows = [
        ("location", "otherwise", "HQ", None, 1),
        ("item", "otherwise", None, None, 1),
        ("location", "otherwise", "HQ", None, 2),
    ]
    found = record_scopes(pl.DataFrame(rows, schema=COLUMNS, orient="row")).to_list()
    assert found == [["store:HQ"], ["everywhere"], ["store:HQ"]]


def test_without_people_nobody_subscribes_to_any():
    kinds = ("patient:", "prescriber:", "follow:", "named:", "order:")
    assert not [scope for found in scopes().values() for scope in found if scope.startswith(kinds)]


def test_b33_primary_and_the_home_site_follow_their_patients():
    homes = InStore.of(
        [("patient", "mary", "WARD"), ("patient", "eve", "SHOP"), ("patient", "ann", None)],
    )
    found = scopes(people=People(homes=homes))
    assert {site: {scope for scope in of if scope.startswith("patient:")} for site, of in found.items()} == {
        1: {"patient:eve", "patient:ann"},
        2: {"patient:mary"},
        3: set(),
    }


def placed() -> FrameOf[Placement]:
    return placement(Topology("central", "central", SITES, STORES), RECORDS)


def test_t6_b22_what_stays_at_its_site():
    found = withheld(placed())
    assert (found.everything, found.stock) == (frozenset({"FAR"}), frozenset({"WARD"}))


def test_p3_local_data_never_leaves():
    found = leaving(NOTHING, NOTHING, here=HERE, from_primary=True)
    assert {"reminder", "label", "log", "user_permission"}.isdisjoint(found)


def test_p3_b37_of_preferences_the_synced_keys_leave_primary_and_what_the_topology_writes_leaves_to_be_put_right():
    assert (
        leaving(NOTHING, NOTHING, here=HERE, from_primary=True)["preference"].only_keys == SYNCED_KEYS | TOPOLOGY_KEYS
    )
    assert leaving(NOTHING, NOTHING, here=HERE, from_primary=False)["preference"].only_keys == TOPOLOGY_KEYS


def test_p3_deletes_of_preferences_leave_for_those_that_central_holds():
    held = frozenset({"p1"})
    found = leaving(NOTHING, NOTHING, here=HERE, from_primary=False, preferences=held)
    assert found["preference"].only_deletes == held
    assert found["item"].only_deletes is None


def test_p3_a_line_is_withheld_through_its_document():
    line = leaving(withheld(placed()), withheld(placed()), here=HERE, from_primary=False)["invoice_line"]
    assert line == Leaving(
        "invoice_line",
        (("invoice_id", "invoice"),),
        "store_id",
        frozenset({"FAR", "WARD"}),
        frozenset(),
        halves=HALVES["invoice"],
        may_turn=True,
    )


def test_b22_t6_halves_of_transfers_and_their_messages_leave_a_withheld_store():
    found = leaving(withheld(placed()), NOTHING, here=HERE, from_primary=False)
    assert {name for name, rule in found.items() if rule.halves} == {
        *HEADERS, *(f"{name}_line" for name in HEADERS)
    }  # fmt: skip
    assert found["transfer_log"].withheld == frozenset()


def test_b22_requisitions_of_a_quiet_dispensary_leave():
    assert leaving(withheld(placed()), NOTHING, here=HERE, from_primary=False)["requisition"].withheld == frozenset(
        {"FAR"}
    )


def test_t6_prescriptions_and_own_orders_stay_and_centralised_ones_and_patients_leave():
    found = leaving(withheld(placed()), NOTHING, here=HERE, from_primary=False)
    assert found["prescription_line"].withheld == frozenset({"FAR", "WARD"})
    order = found["purchase_order_line"]
    assert (order.withheld, order.exempt_column) == (frozenset({"FAR"}), "is_centralised")
    for table in ("patient", "insurance_policy", "prescriber", "patient_store_join", "message", "repeat"):
        assert (found[table].withheld, found[table].owner_column) == (frozenset(), None), table


def test_p9_what_begins_to_leave_is_read_whole_once():
    before = withheld(placed())
    found = leaving(NOTHING, before, here=HERE, from_primary=False)
    assert found["stock_line"].whole == frozenset({"FAR", "WARD"})
    assert found["location"].whole == frozenset({"FAR"})
    assert found["item"].whole == frozenset()
    assert leaving(before, before, here=HERE, from_primary=False)["stock_line"].whole == frozenset()


def test_new_users_leave_when_they_are_made_and_not_again():
    found = leaving(NOTHING, NOTHING, here=HERE, from_primary=False)
    assert [name for name, rule in found.items() if rule.only_inserts] == ["user_account"]


def test_o7_every_scope_has_words_whatever_it_names():
    """Also for a store, a person or an order that nobody knows any more."""
    network = Network(Topology("central", "central", SITES, STORES), {}, {}, frozenset())
    templates = {one for rules in PARTS.values() for rule in rules.values() for one in rule.audience}
    for scope in {re.sub(r"{\w+}", "gone", one) for template in templates for one in template.split(" or ")}:
        assert of_what(scope, network), scope
        assert why(scope, 1, network).causes or why(scope, 1, network).otherwise, scope
