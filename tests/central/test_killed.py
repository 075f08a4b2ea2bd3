"""A6: a process killed at any stage boundary, and run again, gives the same result."""

from __future__ import annotations

import importlib
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.cycle.run import run_cycle
from tests.central import aging, killed_backup, killed_publishing, lost_server, lost_warehouse
from tests.central.copies import Copies, kept_open
from tests.central.killed_cycle import LONG, POINTS, killed_cycle
from tests.central.small_network import NOW, Network, make_network, stock_line
from tests.forks import end_of

Contents = dict[str, dict[str, list[tuple[str, ...]]]]


def with_work_to_do(network: Network) -> Network:
    """A synchronised network, when people have worked at every site, rightly and wrongly."""
    network.people_put("central", "item", {"id": "zinc", "code": "ZINC", "name": "Zinc 20mg", "unit_id": "tablet"})
    network.people_run("central", "update item set name = 'Amoxicillin 500mg' where id = 'amoxicillin'")
    network.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(5)))
    network.people_put(
        "north", "invoice", {"id": "inv", "store_id": "NTH", "type": "customer_invoice", "status": "new", "number": 1}
    )
    line = {"id": "line", "invoice_id": "inv", "item_id": "paracetamol", "packs": 2}
    network.people_put("north", "invoice_line", line)
    sent = {"id": "sent", "store_id": "NTH", "other_name_id": "name-STH", "type": "customer_invoice", "number": 2}
    network.people_put("north", "invoice", {**sent, "status": "finalised"})  # a transfer begins
    network.people_put("north", "invoice_line", {**line, "id": "sent-line", "invoice_id": "sent"})
    network.people_put("south", "stock_line", *(stock_line(number, "STH") for number in range(3)))
    network.people_run("south", "update item set name = 'Mine' where id = 'paracetamol'")
    network.people_run("north", "delete from item where id = 'paracetamol' and false")
    return network


def settled(network: Network) -> Contents:
    """What every site and the warehouse hold once the network has gone quiet."""
    with kept_open(network.project.warehouse):
        for number in range(2):
            run_cycle(network.project, now=NOW + timedelta(minutes=number))
        return network.contents()


@pytest.fixture(scope="module")
def expected(copies: Copies, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What an undisturbed network comes to."""
    with copies.of("worked", worked, tmp_path_factory.mktemp("undisturbed")) as network:
        contents = settled(network)
    assert len(contents["north"]["transfer_log"]) == 1
    return contents


def worked(folder: Path, url: str) -> Network:
    network = make_network(folder, "sqlite:///north.sqlite", url)
    run_cycle(network.project, now=NOW)
    return with_work_to_do(network)


@pytest.fixture
def busy(copies: Copies, tmp_path: Path) -> Iterator[Network]:
    with copies.of("worked", worked, tmp_path / "network") as network:
        yield network


@pytest.mark.parametrize("point", [pytest.param(one, marks=[pytest.mark.long] * (one in LONG)) for one in POINTS])
def test_a6_killed_and_run_again_gives_the_same(point: str, expected: Contents, busy: Network) -> None:
    assert end_of(killed_cycle, str(busy.folder), point) == -signal.SIGKILL
    found = settled(busy)
    for place, tables in expected.items():
        for table, rows in tables.items():
            assert found[place][table] == rows, (place, table)


def test_a6_running_every_stage_twice_changes_nothing(expected: Contents, busy: Network) -> None:
    from central.cycle import admit, deliver, pull, route
    from warehouse.connection import open_warehouse

    project = busy.project
    cycle = pull.pull_sites(project, now=NOW, asked_by="test")
    with open_warehouse(project.warehouse, project.schema) as con:
        assert admit.admit(con, project, cycle)
        assert not admit.admit(con, project, cycle)
        assert route.make_change_sets(con, project, cycle).height
        assert route.make_change_sets(con, project, cycle).is_empty()
    deliver.deliver_change_sets(project, now=NOW)
    deliver.deliver_change_sets(project, now=NOW)
    assert settled(busy) == expected


PLACES = [
    aging.POINTS,
    killed_backup.POINTS,
    POINTS,
    killed_publishing.POINTS,
    lost_server.POINTS,
    lost_warehouse.POINTS,
]


@pytest.mark.parametrize(
    ("module", "name"), sorted({(module, name) for points in PLACES for module, name, _ in points.values()})
)
def test_a6_each_point_at_which_something_is_killed_is_there(module: str, name: str) -> None:
    """Most of them are long: a function that was moved shall be missed at once."""
    assert callable(getattr(importlib.import_module(module), name))
