"""O6, B56: after any work of people, on random networks, `verify` finds nothing in a network that is quiet, nor in one
in which much is under way; what is planted is found."""

from __future__ import annotations

from random import Random

import pytest

from central import decisions
from central.admission.repairs.steps import texts_of
from central.backup.replay import replay_cycles
from central.verification.repair import plan_repair
from sync_rules.words import DecisionKind
from tests.network.comparing import play
from tests.network.deck import Script
from tests.network.real import NOW, RealNetwork
from tests.network.verifying import found, verified
from tests.seeds import seeds

STEPS = 60
FEW = 12
PLAYED = [
    *(pytest.param(seed, FEW, id=f"{seed}", marks=pytest.mark.long) for seed in seeds(2, 6)),
    *(pytest.param(seed, STEPS, id=f"{seed}-long", marks=pytest.mark.long) for seed in seeds(5, 20)),
]


@pytest.mark.parametrize(("seed", "steps"), PLAYED)
def test_o6_nothing_is_found_where_nobody_meddled(seed, steps, new_network):
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    looked: list[str] = []

    def look(one):
        if one.cycles:
            looked.extend(found(one.project()))

    way = play(script, network, steps, every=6, before_cycle=look)
    assert not way, "\n".join(way)
    assert not looked, "\n".join(looked)
    assert not found(network.project())
    assert sum(one.records for one in verified(network.project())) > 100


COLUMNS = {"item": "name", "name": "name", "stock_line": "batch", "patient": "last_name", "invoice": "comment",
           "requisition": "comment", "prescription": "comment"}  # fmt: skip
LINES = ("invoice_line", "requisition_line", "prescription_line", "name_store_join")
"""What nothing refers to: it can be deleted whatever the engine."""


def plant(network: RealNetwork, rng: Random) -> set[str]:
    """Edits at sites that no trigger sees, of records that both the site and central have and nobody waits for; says
    what is to be found."""
    held = network.warehouse_rows([*COLUMNS, *LINES])
    back = {*network.held_back(), *network.not_taken()}
    planted = set()
    for site in network.wanted.sites:
        there = network.site_rows(site.id, [*COLUMNS, *LINES])
        with network.person(site.id) as db:
            columns = db.column_names()  # of which another version of the program may lack some
        whole = [table for table in sorted(there) if COLUMNS.get(table, "id") in columns.get(table, ())]
        for table in rng.sample(whole, 6):
            both = sorted(there[table].keys() & held[table].keys())
            ids = [
                one
                for one in both
                if (site.id, table, one) not in back
                and there[table][one].get("store_id") == held[table][one].get("store_id")
            ]  # else of another store
            if ids:
                one = rng.choice(ids)
                what = "missing []" if table in LINES else f"changed ['{COLUMNS[table]}']"
                change = (
                    f"update {table} set {COLUMNS.get(table)} = 'planted'"
                    if table in COLUMNS
                    else f"delete from {table}"
                )
                with network.person(site.id) as db, db.transaction(write=True):
                    db.mark_delivery(is_delivery=True)
                    db.execute(f"{change} where id = ?", (one,))
                    db.mark_delivery(is_delivery=False)
                planted.add(f"{site.code}: {table} {one} {what}")
    return planted


def repair(network: RealNetwork, take: str) -> None:
    """What `verify --repair` decides for all sites, and the cycles that do it."""
    for one in verified(network.project()):
        plan = plan_repair(one, take)
        decisions.write_decision(network.project().pulls, DecisionKind.REPAIR, one.site.code, reason=None, now=NOW,
                                 decided_by="ana", records=texts_of(plan.steps))  # fmt: skip
    for _ in range(4):
        network.cycle()


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(3, 8))
def test_o6_what_is_planted_is_found_and_put_right(seed, new_network):
    script, rng = Script(seed), Random(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    assert not play(script, network, FEW if seed == 0 else STEPS)
    planted = plant(network, rng)
    assert planted
    assert {line.removesuffix("; own") for line in found(network.project())} == planted
    repair(network, "site" if seed % 2 else "central")
    repair(network, "central")  # what an edit that was taken in brings to light: another site's copy, no longer listed
    assert network.sent == 0
    assert found(network.project()) == []
    replayed = replay_cycles(network.project(), until=None, out=None, place=None)
    assert (replayed.compared_with, replayed.differing) == ("the working warehouse", [])
