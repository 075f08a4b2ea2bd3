"""B46: what a changed topology.toml would do is counted before it is done, to the row, and counting does nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from central.plan.plan import make_plan
from sites import schema
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.small_network import NOW, Network
from warehouse.connection import open_warehouse
from wire.change_set import read_change_set

Counts = Mapping[tuple[int, str], tuple[int, int]]
SETTINGS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "a collector comes": ({}, {"NTH": {"collector_on": ["south"]}}),
    "a collector goes": ({}, {"NDS": {"collector_on": []}}),
    "prescriptions follow the patient": ({"prescriptions_follow_patient": True}, {}),
    "central keeps no copy": ({}, {"NDS": {"central_instance": "transfer", "collector_on": []}}),
    "nothing": ({}, {}),
}
LONG = ("a collector goes", "central keeps no copy", "prescriptions follow the patient", "nothing")


def planned(network: Network) -> Counts:
    """What the plan counts: site and table, gains and losses."""
    with open_warehouse(network.project.warehouse, SCHEMA) as con:
        found = make_plan(con, network.project, now=NOW).consequences
    assert all(row["bytes"] > 0 for row in found.to_dicts() if row["gains"])
    return {(row["site_id"], row["table_name"]): (row["gains"], row["loses"]) for row in found.to_dicts()}


def sent_in_last_cycle(network: Network) -> Counts:
    """The same, of what the last cycle made for the sites."""
    gains: Counter[tuple[int, str]] = Counter()
    losses: Counter[tuple[int, str]] = Counter()
    sets = "select site_id, path from ledger.change_set where cycle = (select max(cycle) from ledger.cycle)"
    for site_id, path in network.warehouse(sets):
        made = read_change_set(network.project.change_sets / path)
        gains.update({(site_id, table): rows.height for table, rows in made.upserts.items()})
        losses.update((site_id, table) for table in made.deletes["table_name"])
    return {key: (gains[key], losses[key]) for key in sorted(gains | losses)}


def state(network: Network) -> list[Any]:
    """All that the warehouse holds."""
    tables = network.warehouse(
        "select schema_name || '.' || table_name from duckdb_tables() where not internal order by 1"
    )
    return [network.warehouse(f"select * from {table} order by all") for (table,) in tables]


@pytest.fixture
def worked(copy_clinics: Callable[[str], Clinics]) -> Clinics:
    """Clinics with people, documents and stock, at rest; north is PostgreSQL."""
    clinics = copy_clinics("north")
    clinics.people_put("north", "patient", patient("ana", "NDS"), patient("eva", "NDB"))
    clinics.people_put("north", "prescription", prescription("rx", "NDS", "ana"), prescription("rx2", "NDB", "eva"))
    clinics.people_put("south", "patient", patient("ida", "SDS"))
    clinics.people_put("south", "patient_store_join", seen("ida", "SDS"))
    clinics.people_put("north", "stock_line", *(
        {"id": f"s-{store}-{number}", "store_id": store, "item_id": "amoxicillin", "batch": "é" * number}
        for store in ("NTH", "NDS") for number in range(3)
    ))  # fmt: skip
    clinics.cycle()
    clinics.cycle()
    return clinics


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in SETTINGS])
def test_b46_what_is_counted_is_what_is_done(worked: Clinics, name: str) -> None:
    before = state(worked)
    options, tables = SETTINGS[name]
    worked.configure(options, **tables)
    counted = planned(worked)
    assert state(worked) == before
    assert planned(worked) == counted
    worked.cycle()
    assert sent_in_last_cycle(worked) == counted
    assert bool(counted) == (name != "nothing")
    worked.cycle()
    assert planned(worked) == sent_in_last_cycle(worked) == {}


@pytest.mark.long
def test_b46_a_site_that_is_new_gains_all_that_is_to_be_its(worked: Clinics) -> None:
    text = worked.project.topology_text
    new = '\n[[site]]\nid = 4\ncode = "east"\ndatabase = "sqlite:///east.sqlite"\n'
    collected = text.replace('collector_on = ["south"]', 'collector_on = ["east", "south"]')
    new_store = '\n[[store]]\ncode = "EST"\nactive_on = "east"\n'
    (worked.folder / "topology.toml").write_text(collected + new + new_store, encoding="utf-8")
    worked.people_put("central", "name", {"id": "name-EST", "code": "EST", "name": "East"})
    worked.people_put("central", "store", {"id": "EST", "code": "EST", "name_id": "name-EST", "mode": "store"})
    visible = {"id": "EST-sees-NDS", "name_id": "name-NDS", "store_id": "EST"}
    worked.people_put("central", "name_store_join", visible)
    (worked.folder / "topology.toml").write_text(text, encoding="utf-8")
    worked.cycle()
    (worked.folder / "topology.toml").write_text(collected + new + new_store, encoding="utf-8")

    counted = planned(worked)
    east = {table: count for (site_id, table), count in counted.items() if site_id == 4}
    assert east["stock_line"] == (3, 0)  # what NDS has, collected there
    assert east["store"][0] > 0
    assert not any(loses for _, loses in counted.values())

    with open_site("sqlite:///east.sqlite", worked.folder, create=True) as db:
        schema.create(db)
        triggers.install(db, SCHEMA)
    worked.cycle()
    assert sent_in_last_cycle(worked) == counted


@pytest.mark.long
def test_b46_what_is_under_way_already_is_not_counted(worked: Clinics) -> None:
    worked.people_put("central", "item", {"id": "new", "code": "NEW", "name": "New"})
    worked.cycle("central")
    assert planned(worked) == {}
    worked.configure({}, NTH={"collector_on": ["south"]})
    assert {table for site_id, table in planned(worked) if site_id == 3} >= {"stock_line"}
    assert not [table for _, table in planned(worked) if table == "item"]


def test_b46_before_the_first_cycle_nothing_is_applied(unheard_clinics: Clinics) -> None:
    with open_warehouse(unheard_clinics.project.warehouse, SCHEMA) as con:
        plan = make_plan(con, unheard_clinics.project, now=NOW)
    assert (plan.applied, plan.differences, plan.unmet) == (None, [], [])
