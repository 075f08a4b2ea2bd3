"""Stores move, are called back and sent on while people work and cycles are cut off (B29, B47).

Whoever works where the site's own table says that a store is active has all of it admitted, at every moment. In the end
each store is active at one site, which has all that is its, and nobody else has what is not theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from random import Random

import pytest

from central.backup.replay import replay_cycles
from sites.schema import SCHEMA
from tests.central.copies import kept_open
from tests.network.mover_steps import STEPS, settle
from tests.network.movers import DISPENSARIES, HOW, Movers, make_movers
from tests.seeds import seeds
from warehouse.connection import open_warehouse


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(3, 12))
def test_b47_nothing_is_lost_and_nobody_is_refused_while_stores_move(
    seed: int, tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> None:
    urls = {"central": "sqlite:///central.sqlite", "one": "sqlite:///one.sqlite", "two": new_site("postgresql"),
            "three": "sqlite:///three.sqlite" if seed % 2 else new_site("postgresql")}  # fmt: skip
    primary = ("central", "two")[seed % 3 == 2]
    movers = make_movers(tmp_path / "network", urls, Random(seed), primary)
    with kept_open(new_warehouse(movers.project.warehouse)):
        movers.cycle()
        movers.cycle()
        for _ in range(4 if seed == 0 else 14):
            for _each in range(movers.rng.randint(2, 8)):
                movers.work()
            if movers.rng.random() < 0.5:
                movers.office()
            if movers.rng.random() < 0.2:
                movers.pause()
            if movers.rng.random() < 0.6:
                movers.move()
            movers.cycle(movers.rng.choice(HOW))
            assert all(len(sites) <= 1 for sites in movers.active().values())  # T2
            assert len(movers.primaries()) <= 1  # T1
        movers.resume()
        for _ in range(10):
            movers.cycle()
            if not movers.open_moves():
                break
        movers.cycle()
        whole(movers, is_replayed=seed > 0)


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(3, 12))
def test_b47_nothing_is_lost_as_sites_are_lost_and_found_removed_and_added(
    seed: int, tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> None:
    """Precision 21, O1, O3, O8, among people's work and moves."""
    urls = {"central": "sqlite:///central.sqlite", "one": "sqlite:///one.sqlite", "two": new_site("postgresql"),
            "three": "sqlite:///three.sqlite", "four": "sqlite:///four.sqlite"}  # fmt: skip
    movers = make_movers(tmp_path / "network", urls, Random(seed), ("central", "one")[seed % 3 == 2])
    with kept_open(new_warehouse(movers.project.warehouse)):
        movers.cycle()
        movers.cycle()
        for step in movers.rng.sample(STEPS, 3):
            for _ in range(2):
                for _each in range(movers.rng.randint(2, 8)):
                    movers.work()
                movers.move()
                movers.cycle(movers.rng.choice(HOW))
                assert all(len(sites) <= 1 for sites in movers.active().values())  # T2
            for _each in range(6):
                movers.work()
            step(movers)
        settle(movers)
        whole(movers)


def whole(movers: Movers, *, listed: Collection[str] = (), is_replayed: bool = True) -> None:
    """All is where it belongs, and everything that anybody did is there. ``listed``: reasons that may be listed."""
    assert movers.open_moves() == []
    with open_warehouse(movers.project.warehouse, SCHEMA) as con:
        refused = con.execute("select site_id, table_name, record_id, reason, state from ledger.quarantine").fetchall()
        stock = dict(con.execute("select id, (store_id, total_packs) from replica.stock_line").fetchall())
        patients = dict(con.execute("select id, last_name from replica.patient").fetchall())
        homes = dict(con.execute("select id, home_store_id from replica.patient").fetchall())
        sent = con.execute("select linked_invoice_id, store_id, number from replica.invoice "
                           "where type = 'supplier_invoice' order by all").fetchall()  # fmt: skip
    ours = [one for one in refused if one[3] not in listed]
    assert {(site, reason) for site, _, _, reason, _ in ours} <= {(site, "moved_away") for site in movers.were_lost}
    assert {(table, key) for _, table, key, _, state in ours if state == "open"} == movers.listed
    assert {key: (store, int(packs)) for key, (store, packs) in stock.items()} == movers.stock
    assert patients == movers.patients
    assert homes == {key: movers.homes[key] for key in movers.patients}
    assert [(document, store) for document, store, _ in sent] == sorted(movers.sent.items())
    numbers = [(store, number) for _, store, number in sent]
    assert listed or len(set(numbers)) == len(numbers)
    assert min((number for _, number in numbers), default=1) >= 1
    assert movers.primaries() == [movers.project.topology.primary]
    active = movers.active()
    assert all(len(sites) == 1 for sites in active.values()), active
    placed = {store.code: store.active_on for store in movers.project.topology.stores}
    assert {store: sites[0] for store, sites in active.items()} == placed
    for site in movers.sites:
        items = dict(movers.rows(site, "select id, name from item where id like 'item%'"))
        assert items == movers.items, site
        own = {key: value for key, value in movers.stock.items() if placed[value[0]] == site}
        rows = movers.rows(site, "select id, store_id, total_packs from stock_line")
        assert {key: (store, int(float(packs))) for key, store, packs in rows} == own, site
        here = {store for store in DISPENSARIES if placed[store] == site}
        at_home = movers.rows(site, "select id, last_name, home_store_id from patient")
        assert {key: name for key, name, home in at_home if home in here}.items() <= movers.patients.items()
    if is_replayed:
        replayed = replay_cycles(movers.project, until=None, out=None, place=None)
        assert (replayed.compared_with, replayed.differing) == ("the working warehouse", [])  # W5, B54
