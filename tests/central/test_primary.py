"""B49: another site becomes primary, and central data is handed over like a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from central.cycle.pull import prepare
from central.decisions import write_decision
from central.moves.explanation import ways
from central.moves.under_way import with_moves
from central.plan.apply import ApplyRefused
from central.plan.interventions import cancel_moves
from central.project import load
from sync_rules.words import DecisionKind
from tests.central.clinics import SITES, Clinics, patient
from tests.central.copies import lose_warehouse
from tests.central.moving import apply, finish, lost, state
from tests.central.small_network import NOW
from tests.central.test_interventions import asked, go
from tests.central.test_moves import stored
from warehouse.connection import open_warehouse

ITEM = "update item set name = '{}' where id = 'amoxicillin'"


@pytest.fixture
def clinics(copy_clinics: Callable[..., Clinics]) -> Clinics:
    """Primary is central; north, on PostgreSQL, is to become it. A patient without a home is primary's."""
    return copy_clinics("north", "with_nobody", with_nobody)


def with_nobody(found: Clinics) -> None:
    found.people_put("central", "patient", patient("nobody", None))
    found.sync()
    found.sync()


def becomes(clinics: Clinics, site: str, **more: dict[str, Any]) -> None:
    clinics.configure({}, network={"primary": site}, **more)


def told(clinics: Clinics) -> dict[str, str]:
    """What sites say of being primary, by their own tables."""
    rows = {site: clinics.rows(site, "preference", "value", "key = 'is_primary'") for site in SITES}
    return {site: own[0][0] for site, own in rows.items() if own}


def names(clinics: Clinics) -> dict[str, str]:
    """What the item is called, wherever it is."""
    found = {site: clinics.rows(site, "item", "name", "id = 'amoxicillin'")[0][0] for site in SITES}
    return found | {"warehouse": clinics.warehouse("select name from replica.item where id = 'amoxicillin'")[0][0]}


def test_b49_central_data_is_handed_over_step_by_step(clinics: Clinics) -> None:
    assert told(clinics) == {}
    assert clinics.where("patient", "nobody") == {"central", "warehouse"}
    becomes(clinics, "north")
    made = apply(clinics)
    assert made is not None
    assert any(note.startswith("central data: `central` hands it over") for note in made.notes)
    assert {(one.store, one.table, one.records) for one in made.handovers} >= {("(central data)", "item", 2)}
    seen = [state(clinics)]
    for _ in range(4):
        clinics.sync()
        seen.append(state(clinics))
    assert seen == [["wanted"], ["cut"], ["filling"], ["activating"], ["done"]]
    assert told(clinics) == {"central": "false", "north": "true"}
    clinics.people_run("north", ITEM.format("by north"))
    clinics.people_run("north", "update patient set last_name = 'by north' where id = 'nobody'")
    clinics.sync()
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "by north")
    assert clinics.warehouse("select last_name from replica.patient where id = 'nobody'") == [("by north",)]
    clinics.people_run("central", ITEM.format("by central"))
    clinics.sync()
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "by north")  # put right, and kept (A2)
    assert clinics.reasons("item") == {"amoxicillin": "moved_away"}


@pytest.mark.long
def test_b49_unsent_edits_of_the_old_primary_come_first(clinics: Clinics) -> None:
    becomes(clinics, "north")
    apply(clinics)
    clinics.sync_with(lambda: clinics.people_run("central", ITEM.format("late")))
    assert (state(clinics), told(clinics).get("central")) == (["cut"], None)  # the row was left alone
    finish(clinics)
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "late")
    assert clinics.reasons("item") == {}


@pytest.mark.long
def test_b49_what_is_unsent_of_a_store_does_not_hide_what_is_unsent_of_central_data(clinics: Clinics) -> None:
    """Both are handed over at once, and whose the deleted row was nobody can tell."""
    clinics.people_put("central", "stock_line", {"id": "s", "store_id": "CMS", "item_id": "amoxicillin"})
    clinics.sync()
    becomes(clinics, "north", CMS={"active_on": "north"})
    apply(clinics)

    def work() -> None:
        clinics.people_run("central", "delete from stock_line where id = 's'")
        clinics.people_run("central", ITEM.format("late"))

    clinics.sync_with(work)
    assert told(clinics).get("central") is None
    finish(clinics)
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "late")


@pytest.mark.long
@pytest.mark.parametrize("survives", [1, pytest.param(3, marks=pytest.mark.long), 4])
def test_b49_a_hand_over_that_is_killed_goes_on(clinics: Clinics, survives: int) -> None:
    becomes(clinics, "north")
    apply(clinics)
    clinics.sync()
    clinics.sync_until(survives)
    finish(clinics)
    assert told(clinics) == {"central": "false", "north": "true"}
    assert clinics.where("patient", "nobody") == {"central", "north", "warehouse"} - {"central"}


@pytest.mark.long
def test_b49_there_and_back_again(clinics: Clinics) -> None:
    """Mirrored, and standard again; a lost warehouse comes to the same."""
    becomes(clinics, "north")
    apply(clinics)
    finish(clinics)
    clinics.configure({})
    apply(clinics)
    finish(clinics)
    assert told(clinics) == {"central": "true", "north": "false"}
    assert clinics.where("patient", "nobody") == {"central", "warehouse"}
    clinics.people_run("central", ITEM.format("again"))
    clinics.sync()
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "again")
    before = clinics.warehouse("select * from ledger.move_step order by all"), clinics.contents()["warehouse"]
    lose_warehouse(clinics.project.warehouse)
    prepare(load(clinics.folder))
    after = clinics.warehouse("select * from ledger.move_step order by all"), clinics.contents()["warehouse"]
    assert after == before


@pytest.mark.long
def test_b49_it_is_called_off_and_one_is_under_way_at_a_time(clinics: Clinics) -> None:
    becomes(clinics, "north")
    apply(clinics)
    clinics.sync()
    becomes(clinics, "south")
    with pytest.raises(ApplyRefused, match="central data is on its way to `north`: call it off first with"):
        apply(clinics)
    begun = asked(clinics)
    cancel_moves(begun, [1])
    go(begun)
    assert (state(clinics), load(clinics.folder).topology.primary) == (["cancelled"], "central")
    clinics.people_run("central", ITEM.format("mine still"))
    clinics.sync()
    clinics.sync()
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "mine still")
    assert told(clinics) == {"central": "true", "north": "false"}


@pytest.mark.long
def test_b49_of_a_lost_primary_central_hands_over_what_it_has(clinics: Clinics) -> None:
    becomes(clinics, "north")
    apply(clinics)
    finish(clinics)
    clinics.people_run("north", ITEM.format("never sent"))
    clinics.people_put("north", "item", {"id": "new", "code": "new", "name": "never sent either"})
    clinics.configure({})
    with lost(clinics, "north"):
        apply(clinics, forced=["north"])
        for _ in range(3):
            clinics.sync("central", "south")
        clinics.people_run("central", ITEM.format("goes on"))
        clinics.sync("central", "south")
    clinics.sync()
    clinics.sync()
    assert names(clinics) == dict.fromkeys([*SITES, "warehouse"], "goes on")
    assert clinics.reasons("item") == {"amoxicillin": "moved_away", "new": "moved_away"}
    write_decision(clinics.project.pulls, DecisionKind.ADMIT, "north", reason="found", now=NOW, decided_by="ana",
                   record_id="moved_away")  # fmt: skip
    clinics.sync()
    clinics.sync()
    assert clinics.reasons("item") == {"amoxicillin": "moved_away"}  # primary has changed it since
    assert clinics.where("item", "new") == {*SITES, "warehouse"}


@pytest.mark.long
def test_b46_what_the_plan_counts_is_what_sites_gain_and_lose(clinics: Clinics) -> None:
    becomes(clinics, "north")
    before = {site: stored(clinics, site) for site in SITES}
    made = apply(clinics)
    assert made is not None
    counted = {(row["site"], row["table_name"]): (row["gains"], row["loses"]) for row in made.consequences.to_dicts()}
    finish(clinics)
    after = {site: stored(clinics, site) for site in SITES}
    found = {
        (site, table): (len(after[site][table] - before[site][table]), len(before[site][table] - after[site][table]))
        for site in SITES
        for table in before[site]
        if after[site][table] != before[site][table]
    }
    assert found == counted


@pytest.mark.long
def test_b49_status_says_who_waits(clinics: Clinics) -> None:
    becomes(clinics, "north")
    apply(clinics)
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        [way] = ways(con, with_moves(con, load(clinics.folder)))
    assert (way.store, way.before, way.after, way.waits_for) == (
        "(central data)", "central", "north", "the next pull of `central`"
    )  # fmt: skip
