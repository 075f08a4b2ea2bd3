"""B44, B46, T9: what topology.toml asks for is in force once it is applied, and no cycle goes by it before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from central import cycle_file
from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.plan.apply import ApplyRefused, SavedPlan, apply_wanted
from central.plan.plan import NetworkPlan
from central.project import ProjectError, load
from sync_rules.topology.file import TopologyError
from tests.central.clinics import STORES, Clinics, topology
from tests.central.copies import lose_warehouse
from tests.central.small_network import NOW, Network
from warehouse.connection import open_warehouse
from warehouse.ledger.network.versions import Applied, versions

_minutes = count(100)
FOLLOWING = (lambda asked: apply_wanted(asked), admit_next, route_last, publish_last)


def sync(network: Network) -> None:
    """A cycle as `sync` runs one: by what is in force."""
    run_cycle(load(network.folder), now=NOW + timedelta(minutes=next(_minutes)))


def apply(network: Network, saved: SavedPlan | None = None) -> NetworkPlan | None:
    """What `apply` does."""
    asked = Asked(load(network.folder), NOW + timedelta(minutes=next(_minutes)), "ana@server")
    made = apply_wanted(asked, saved)
    for stage in (admit_next, route_last, publish_last):
        stage(asked)
    return made


def applied(network: Network) -> list[Applied]:
    """The versions, the last first."""
    project = load(network.folder)
    with open_warehouse(project.warehouse, project.schema) as con:
        return versions(con)


@pytest.fixture
def clinics(copy_clinics: Callable[[str], Clinics]) -> Clinics:
    """Clinics at rest; north is PostgreSQL. Stock of NTH, which nobody collects."""
    found = copy_clinics("north")
    found.people_put("north", "stock_line", *(
        {"id": f"s-{number}", "store_id": "NTH", "item_id": "amoxicillin"} for number in range(3)
    ))  # fmt: skip
    found.cycle()
    return found


def test_b44_a_cycle_goes_by_what_is_applied_and_not_by_the_file(clinics: Clinics) -> None:
    before = applied(clinics)
    clinics.configure({}, NTH={"collector_on": ["south"]})
    project = load(clinics.folder)
    assert project.waits_for_apply is not None
    assert "`supplysync apply` does it" in project.waits_for_apply
    sync(clinics)
    assert clinics.rows("south", "stock_line", "id") == []
    assert clinics.warehouse("select waits_for_apply from ledger.network") == [(True,)]
    assert applied(clinics) == before

    made = apply(clinics)
    assert made is not None
    [version, *_] = applied(clinics)
    assert (version.version, version.applied_by) == (before[0].version + 1, "ana@server")
    assert json.loads(version.plan or "") == made.document()  # T9
    assert load(clinics.folder).waits_for_apply is None
    assert clinics.rows("south", "stock_line", "id") == []  # nothing is pulled or delivered by apply itself
    sync(clinics)
    assert clinics.rows("south", "stock_line", "id") == [("s-0",), ("s-1",), ("s-2",)]
    assert clinics.warehouse("select waits_for_apply from ledger.network") == [(False,)]
    assert apply(clinics) is None
    assert applied(clinics)[0] == version


def test_b45_what_moves_nothing_is_taken_at_once_though_the_rest_waits(clinics: Clinics) -> None:
    clinics.configure({"late_after": "9 days"}, north={"enabled": False}, NTH={"collector_on": ["south"]})
    clinics.people_put("north", "stock_line", {"id": "s-9", "store_id": "NTH", "item_id": "amoxicillin"})
    sync(clinics)
    assert clinics.warehouse("select is_enabled, late_after from ledger.site where site_id = 2") == [
        (False, timedelta(days=9))
    ]
    assert clinics.warehouse("select id from replica.stock_line where id = 's-9'") == []  # T8: paused at once
    assert clinics.rows("south", "stock_line", "id") == []
    assert load(clinics.folder).waits_for_apply is not None


def test_b44_a_file_that_cannot_be_used_stops_nothing(clinics: Clinics) -> None:
    file = clinics.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8") + "[[store]\n", encoding="utf-8")
    clinics.people_put("north", "stock_line", {"id": "s-9", "store_id": "NTH", "item_id": "amoxicillin"})
    sync(clinics)
    assert clinics.warehouse("select id from replica.stock_line where id = 's-9'") == [("s-9",)]
    assert "topology.toml cannot be used" in (load(clinics.folder).waits_for_apply or "")
    with pytest.raises(TopologyError, match="is not TOML"):
        apply(clinics)


def test_b44_the_first_cycle_applies_the_file(small_network: Network) -> None:
    sync(small_network)
    [version] = applied(small_network)
    assert version.toml == (small_network.folder / "topology.toml").read_text(encoding="utf-8")
    assert version.plan is None


def test_b44_a_site_that_is_not_applied_cannot_be_synced_yet(clinics: Clinics) -> None:
    east = '\n[[site]]\nid = 4\ncode = "east"\ndatabase = "sqlite:///east.sqlite"\n'
    file = clinics.folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8") + east, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"site `east` is in topology.toml and not applied yet: `supplysync apply`"):
        run_cycle(load(clinics.folder), now=NOW, only=["east"])


@pytest.mark.long
def test_b46_a_saved_plan_holds_while_the_version_and_the_file_are_what_they_were(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"collector_on": ["south"]})
    saved = SavedPlan.of({"applied": {"version": applied(clinics)[0].version}, "wanted": "another", "unmet": []})
    with pytest.raises(ApplyRefused, match=r"topology\.toml says something else now"):
        apply(clinics, saved)
    with pytest.raises(ApplyRefused, match=r"version \d of the topology is applied now"):
        apply(clinics, replace(saved, version=0))
    with pytest.raises(ApplyRefused, match="this is no plan"):
        SavedPlan.of({})
    sync(clinics)
    assert clinics.rows("south", "stock_line", "id") == []


@pytest.mark.parametrize("survives", [2, *(pytest.param(one, marks=pytest.mark.long) for one in (1, 3))])
def test_b44_apply_that_was_killed_is_carried_on_by_the_next_cycle(clinics: Clinics, survives: int) -> None:
    """Killed once its cycle is begun, once it is admitted, once it is routed."""
    clinics.configure({}, NTH={"collector_on": ["south"]})
    asked = Asked(load(clinics.folder), NOW + timedelta(minutes=next(_minutes)), "ana@server")
    for stage in FOLLOWING[:survives]:
        stage(asked)
    sync(clinics)
    assert clinics.rows("south", "stock_line", "id") == [("s-0",), ("s-1",), ("s-2",)]
    assert applied(clinics)[0].applied_by == "ana@server"
    assert load(clinics.folder).waits_for_apply is None


@pytest.mark.long
def test_b8_what_was_applied_and_when_comes_again_with_a_lost_warehouse(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"collector_on": ["south"]})
    apply(clinics)
    sync(clinics)
    before = applied(clinics)
    lose_warehouse(clinics.project.warehouse)
    sync(clinics)
    assert applied(clinics) == before


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a store that has a record goes": ({"without": 'code = "NDB"'}, "store `NDB` has a record: keep its"),
    "the server moves": ({}, "moving the server is no change of the topology"),
    "a store moves and keeps its data": (
        {"NDS": {"active_on": "south", "collector_on": [], "include_transactions": False}},
        "its data has to reach central",
    ),
}


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.long] * (place > 0)) for place, one in enumerate(REFUSED)]
)
def test_b46_what_cannot_be_is_refused_and_says_what_can(clinics: Clinics, name: str) -> None:
    change, said = REFUSED[name]
    text = topology(clinics.urls, {}, {code: keys for code, keys in change.items() if code in STORES})
    if "without" in change:
        tables = text.split("\n\n")
        text = "\n\n".join(one for one in tables if change["without"] not in one)
    elif not change:
        text = text.replace('central = "central"', 'central = "north"', 1)
    (clinics.folder / "topology.toml").write_text(text, encoding="utf-8")
    number = max(cycle_file.numbers(clinics.project.pulls))
    with pytest.raises(ApplyRefused, match=said):
        apply(clinics)
    assert max(cycle_file.numbers(clinics.project.pulls)) == number


@pytest.mark.long
def test_b45_a_site_gets_another_code_and_stays_the_same_site(clinics: Clinics) -> None:
    text = (clinics.folder / "topology.toml").read_text(encoding="utf-8")
    (clinics.folder / "topology.toml").write_text(text.replace('"north"', '"nord"'), encoding="utf-8")
    clinics.people_run("north", "update stock_line set total_packs = 5 where id = 's-1'")
    assert apply(clinics) is not None
    sync(clinics)
    assert clinics.warehouse("select total_packs from replica.stock_line where id = 's-1'") == [(5,)]
    clinics.people_run("central", "update item set name = 'Renamed' where id = 'amoxicillin'")
    run_cycle(load(clinics.folder), now=NOW + timedelta(minutes=next(_minutes)), only=["central", "nord"])
    assert clinics.rows("north", "item", "name", "id = 'amoxicillin'") == [("Renamed",)]
    assert clinics.rows("north", "site", "code") == [("nord",)]
    assert clinics.warehouse("select site_code, last_outcome from ledger.site where site_id = 2") == [("nord", "ok")]
    assert clinics.warehouse("select count(*) from ledger.move") == [(0,)]
