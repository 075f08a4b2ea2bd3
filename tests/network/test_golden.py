"""The worked example of spec section 2, cell by cell, from the databases themselves (T3 to T7, B7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.network.people import Edit, write
from tests.network.real import RealNetwork
from tests.oracle.topology import Wanted, WantedSite, WantedStore

STORES = "ABCDEF"
SITES = {1: "central", 2: "remote_1", 3: "remote_2"}
ACTIVE_ON = {"A": 1, "B": 2, "C": 3, "D": 3, "E": 1, "F": 2}
SEES = {"B": "AC", "F": "A", "A": "BD", "C": "B"}

# store: what it is on central, remote 1 and remote 2, and where its stock goes
GOLDEN = {
    "A": ("active", "collector", None, {"warehouse", "remote_1"}),
    "B": ("collector", "active", "transfer", {"warehouse"}),
    "C": ("collector", "transfer", "active", {"warehouse"}),
    "D": ("collector", None, "active", {"warehouse"}),
    "E": ("active", None, None, {"warehouse"}),
    "F": ("transfer", "active", None, set()),
}
# mirrored with primary on remote 1: T3 gives every store an instance there
MIRRORED = {**GOLDEN, "D": ("collector", "transfer", "active", {"warehouse"}),
            "E": ("active", "transfer", None, {"warehouse"})}  # fmt: skip


def wanted(primary: str) -> Wanted:
    stores = {code: WantedStore(code, SITES[ACTIVE_ON[code]]) for code in STORES}
    stores["A"].collector_on = ["remote_1"]
    stores["F"].central_instance = "transfer"
    return Wanted("central", primary, [WantedSite(number, code) for number, code in SITES.items()], stores)


def people(primary: int) -> list[Edit]:
    """Names, visibility and an item on primary; store records on central; a stock line in every store."""
    edits = []
    for site in dict.fromkeys([primary, 1]):  # a store record refers to its name, so central needs the names
        edits += [Edit(site, "insert", "name", f"name_{code}", {"code": code, "type": "store"}) for code in STORES]
    edits += [
        Edit(primary, "insert", "name_store_join", viewer + seen, {"name_id": f"name_{seen}", "store_id": viewer})
        for viewer, all_seen in SEES.items()
        for seen in all_seen
    ]
    for code in STORES:
        edits.append(Edit(1, "insert", "store", code, {"code": code, "name_id": f"name_{code}", "mode": "store"}))
        stock = {"store_id": code, "pack_size": Decimal(10), "total_packs": Decimal("2.5")}
        edits.append(Edit(ACTIVE_ON[code], "insert", "stock_line", f"stock_{code}", stock))
    return edits


@pytest.fixture(params=["central", "remote_1"], ids=["normal", "mirrored"])
def network(request, new_network) -> RealNetwork:
    made: RealNetwork = new_network(wanted(request.param), {1: "sqlite", 2: "postgresql", 3: "sqlite"})
    for edit in people(next(number for number, code in SITES.items() if code == request.param)):
        with made.person(edit.site_id) as db:
            write(db, edit)
    assert set(made.cycle().values()) == {"ok"}
    return made


def test_golden_table_of_section_2_and_a_second_cycle_changes_nothing(network):
    """T3 to T7; what each site has to say of itself, too (T5, T7)."""
    assert_cells(network)
    assert_own_views(network)
    assert_a_second_cycle_changes_nothing(network)


def assert_cells(network):
    golden = GOLDEN if network.wanted.primary == "central" else MIRRORED
    rows = {site: network.site_rows(site, ["store", "store_site", "stock_line"]) for site in SITES}
    warehouse = network.warehouse_rows(["stock_line", "store_site", "store"])
    found = {}
    for code in STORES:
        cells = tuple(rows[site]["store_site"].get(f"{site}:{code}", {}).get("sync_type") for site in SITES)
        places = {name for site, name in SITES.items() if f"stock_{code}" in rows[site]["stock_line"]}
        places |= {"warehouse"} if f"stock_{code}" in warehouse["stock_line"] else set()
        found[code] = (*cells, places - {SITES[ACTIVE_ON[code]]})
    assert found == golden


def assert_own_views(network):
    golden = GOLDEN if network.wanted.primary == "central" else MIRRORED
    for place, (site, code) in enumerate(SITES.items()):
        rows = network.site_rows(site, ["store", "store_site", "site"])
        here = {store for store in STORES if golden[store][place]}
        assert set(rows["store"]) == here
        assert set(rows["store_site"]) == {f"{site}:{store}" for store in here}
        assert {one["code"] for one in rows["site"].values()} == {code}


def assert_a_second_cycle_changes_nothing(network):
    tables = ["name", "name_store_join", "store", "store_site", "stock_line"]
    before = {site: network.site_rows(site, tables) for site in SITES}
    network.cycle()
    assert {site: network.site_rows(site, tables) for site in SITES} == before
