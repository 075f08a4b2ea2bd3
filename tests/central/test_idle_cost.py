"""What a cycle costs at central does not grow with sites where nothing changed (M5): a fleet may be large and quiet."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from sqlalchemy.engine import make_url

from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, pull_due, route_last
from central.project import load
from central.visits import visit
from sites.engines.connection import open_site
from sites.engines.sqlite import file_mark
from tests.central.copies import kept_open
from tests.central.small_network import CENTRAL_ROWS, NOW, Network, put

STATEMENTS = [(duckdb.DuckDBPyConnection, name) for name in ("execute", "executemany", "sql", "register")]
FILES = [(pl, "scan_parquet"), (pl, "read_parquet"), (pl.DataFrame, "write_parquet")]
FRAMES = [(pl.LazyFrame, "collect"), (pl, "collect_all")]
HEAD = """
[network]
central = "site_1"
primary = "site_1"
"""
SITE = """
[[site]]
id = {id}
code = "site_{id}"
database = "sqlite:///site_{id}.sqlite"
"""


@pytest.fixture
def fleet(
    tmp_path: Path, captured_original: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> Callable[[int], Network]:
    """A callable that makes a network of so many sites, none of which has more than central data."""

    def make(sites: int) -> Network:
        folder = tmp_path / f"of_{sites}"
        folder.mkdir()
        text = HEAD + "".join(SITE.format(id=number) for number in range(1, sites + 1))
        (folder / "topology.toml").write_text(text, encoding="utf-8")
        for number in range(1, sites + 1):
            shutil.copyfile(str(make_url(captured_original("sqlite")).database), folder / f"site_{number}.sqlite")
        with open_site("sqlite:///site_1.sqlite", folder) as db, db.transaction(write=True):
            put(db, "unit", *CENTRAL_ROWS["unit"])
            put(db, "item", *CENTRAL_ROWS["item"])
        made = Network(folder, {f"site_{number}": f"sqlite:///site_{number}.sqlite" for number in range(1, sites + 1)})
        new_warehouse(made.project.warehouse)
        return made

    return make


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, watched: Sequence[tuple[Any, str]]) -> Iterator[Counter[str]]:
    """How often each of these (owner, name) is called while the body runs, by name."""
    asked: Counter[str] = Counter()

    def counting(owner: Any, name: str) -> Callable[..., Any]:
        own = getattr(owner, name)

        def call(*given: Any, **named: Any) -> Any:
            asked[name] += 1
            return own(*given, **named)

        return call

    with monkeypatch.context() as watching:
        for owner, name in watched:
            watching.setattr(owner, name, counting(owner, name))
        yield asked


def test_m5_an_idle_cycle_asks_the_warehouse_as_often_for_many_sites_as_for_few(
    fleet: Callable[[int], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[int, Counter[str]] = {}
    for sites in (3, 7):
        folder = fleet(sites).folder
        with kept_open(load(folder).warehouse):
            for cycle in range(4):
                with counted(monkeypatch, STATEMENTS) as found[sites]:
                    run_cycle(load(folder), now=NOW + timedelta(minutes=cycle))
    assert found[3] == found[7]
    assert found[3].total() < 100


@pytest.mark.long
def test_m3_what_all_sites_are_sent_is_judged_and_written_once_for_many_as_for_few(
    fleet: Callable[[int], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of each site are its own; those with the same content are one."""
    found: dict[int, Counter[str]] = {}
    for sites in (3, 7):
        network = fleet(sites)
        with kept_open(network.project.warehouse):
            for cycle in range(3):
                run_cycle(network.project, now=NOW + timedelta(minutes=cycle))
            network.people_run("site_1", "update item set name = 'another'")
            pull_due(Asked(network.project, NOW + timedelta(minutes=3)))
            with counted(monkeypatch, FILES) as found[sites]:
                for stage in (admit_next, route_last):
                    stage(Asked(network.project, NOW + timedelta(minutes=3)))
        sent = list(network.project.change_sets.glob("*/*-*/upserts/item.parquet"))
        assert len({file.stat().st_ino for file in sent}) < len(sent) == 2 * (sites - 1)
    assert found[3] == found[7]
    assert found[3]["write_parquet"] == 1


@pytest.mark.long
def test_m5_ten_idle_sites_and_two_hundred_cost_the_same_calls(
    fleet: Callable[[int], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statements, frames, files and opened databases of a cycle in which nothing happened, and no snapshot."""
    monkeypatch.setattr(file_mark, "_SETTLED_NS", 0)
    found: dict[int, Counter[str]] = {}
    for sites in (10, 200):
        network = fleet(sites)
        with kept_open(network.project.warehouse):
            for cycle in range(5):
                with counted(monkeypatch, [*STATEMENTS, *FRAMES, *FILES, (visit, "open_site")]) as found[sites]:
                    run_cycle(network.project, now=NOW + timedelta(minutes=cycle))
    assert found[10] == found[200]
    assert found[10]["open_site"] == found[10]["write_parquet"] == 0


@pytest.mark.long
def test_m5_twice_the_changes_cost_the_same_calls(
    fleet: Callable[[int], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[int, Counter[str]] = {}
    network = fleet(3)
    with kept_open(network.project.warehouse):
        for cycle, changes in enumerate((1, 40, 80), start=1):
            rows = [{"id": f"i{cycle}-{number}", "code": f"C{cycle}-{number}"} for number in range(changes)]
            with open_site("sqlite:///site_1.sqlite", network.folder) as db, db.transaction(write=True):
                put(db, "item", *rows)
            with counted(monkeypatch, [*STATEMENTS, *FRAMES, *FILES]) as found[changes]:
                run_cycle(network.project, now=NOW + timedelta(minutes=cycle))
    assert found[40] == found[80]
