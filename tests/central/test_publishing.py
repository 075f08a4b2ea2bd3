"""W1: publishing while others read, and killed at any point."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from central.cycle.publish import publish_project
from central.cycle.run import run_cycle
from central.cycle.stages import STAGES
from sites.schema import SCHEMA
from tests.central.killed_publishing import LONG, POINTS, SEEN, killed_publishing
from tests.central.small_network import NOW, Network, make_network, stock_line
from tests.forks import end_of
from tests.warehouse.reading import texts
from warehouse.connection import open_warehouse
from warehouse.snapshots.current import current, open_snapshot, snapshots
from warehouse.snapshots.publish import is_cycle_published, publish

ROOT = Path(__file__).parents[2]
STORES = {"central": "CMS", "north": "NTH", "south": "STH"}


def start(module: str, *words: object) -> subprocess.Popen[str]:
    """Another process that runs a module of ours."""
    command = [sys.executable, "-m", module, *(str(word) for word in words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.long
def test_w1_readers_see_only_whole_cycles_and_ever_newer_ones(network: Network, tmp_path: Path) -> None:
    """Two processes read all the time while cycles run over SQLite and PostgreSQL sites; nothing fails or is torn."""
    run_cycle(network.project, now=NOW)
    stop = tmp_path / "stop"
    readers = [start("tests.central.reading_loop", network.project.published, stop) for _ in range(2)]
    try:
        for number in range(1, 3):
            for site, store in STORES.items():
                network.people_put(site, "stock_line", stock_line(number, store, packs=number))
            network.people_run("central", "update item set name = ? where id = 'paracetamol'", f"Paracetamol {number}")
            run_cycle(network.project, now=NOW + timedelta(minutes=number))
            publish_project(network.project, now=NOW + timedelta(minutes=number), full=number == 2)
    finally:
        stop.touch()
        said = [reader.communicate(timeout=60) for reader in readers]
    for out, err in said:
        found = json.loads(out or "{}")
        assert found, err
        assert found["wrong"] == []
        assert found["seen"] == sorted(set(found["seen"]))
        assert found["reads"] > 2
    assert current(network.project.published).number == 2


@dataclass(frozen=True)
class Ready:
    """A warehouse with one snapshot and work that was done since, never changed; and what it should come to."""

    warehouse: Path
    published: Path
    before: dict[str, list[list[str]]]
    after: dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Ready:
    folder = tmp_path_factory.mktemp("ready")
    network = make_network(folder / "network", "sqlite:///north.sqlite", "sqlite:///south.sqlite")
    new_warehouse(network.project.warehouse)
    run_cycle(network.project, now=NOW)
    publish_project(network.project, now=NOW)
    network.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(5)))
    run_cycle(network.project, now=NOW + timedelta(hours=1))
    place = shutil.copytree(network.project.warehouse.parent, folder / "kept")
    shutil.copytree(network.project.published, folder / "published", symlinks=True)
    before = tables(network.project.published)
    publish_project(network.project, now=NOW + timedelta(hours=1))
    return Ready(place, folder / "published", before, tables(network.project.published))


def tables(folder: Path) -> dict[str, list[list[str]]]:
    """The rows of the tables that the work was about, and of reports on it."""
    names = ("stock_line", "item", "reports.stock_on_hand", "reports.stock_by_batch", "reports.completeness")
    with open_snapshot(current(folder)) as con:
        return {name: texts(con, name) for name in names}


@pytest.mark.parametrize("point", [pytest.param(one, marks=[pytest.mark.long] * (one in LONG)) for one in POINTS])
def test_w1_killed_at_any_point_the_previous_or_the_new_one_is_current(
    point: str, ready: Ready, tmp_path: Path
) -> None:
    warehouse, folder = tmp_path / "kept" / "working.duckdb", tmp_path / "published"
    shutil.copytree(ready.warehouse, warehouse.parent)
    shutil.copytree(ready.published, folder, symlinks=True)
    assert end_of(killed_publishing, str(warehouse), str(folder), point) == -signal.SIGKILL
    assert tables(folder) == (ready.after if point in SEEN else ready.before)
    with open_warehouse(warehouse, SCHEMA) as con:
        again = publish(con, folder, SCHEMA, now=NOW + timedelta(hours=1))
    assert again.why_full == ""
    assert tables(folder) == ready.after
    assert (folder / "current").readlink() == Path(current(folder).path.stem)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert {path.stem for path in folder.iterdir()} - {"current"} == {one.path.stem for one in snapshots(folder)}


@pytest.mark.long
def test_b16_a_cycle_in_which_nothing_happened_is_published_within_the_hour(network: Network) -> None:
    """What is the same in all but when sites were heard of is not copied again."""

    def published(after: timedelta) -> int:
        run_cycle(network.project, now=NOW + after, stages=STAGES)
        assert is_current(network)
        return current(network.project.published).number

    def is_current(network: Network) -> bool:
        project = network.project
        with open_warehouse(project.warehouse, project.schema) as con:
            return is_cycle_published(con, project.published, project.schema)

    for minutes in range(3):
        first = published(timedelta(minutes=minutes))  # until nothing is under way
    assert published(timedelta(minutes=30)) == published(timedelta(minutes=59)) == first
    heard = published(timedelta(minutes=63))
    assert heard == first + 1
    network.people_put("north", "stock_line", stock_line(1, "NTH"))
    assert published(timedelta(minutes=64)) == heard + 1
    before = published(timedelta(minutes=65))
    network.people_run("south", "drop table supplysync_control")
    assert published(timedelta(minutes=66)) == before + 1  # a site failed: that is news
    assert published(timedelta(days=1, minutes=5)) == before + 2
    with open_warehouse(network.project.warehouse, network.project.schema) as con:
        con.execute("insert into ledger.unpublished (table_name, record_id) values ('item', 'paracetamol')")
    assert not is_current(network)
