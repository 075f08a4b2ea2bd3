"""What an idle cycle asks of the warehouse does not grow with the sites (M5): a fleet may be large and quiet."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.engine import make_url

from central.cycle.run import run_cycle
from central.project import load
from sites.engines.connection import open_site
from tests.central.copies import kept_open
from tests.central.small_network import CENTRAL_ROWS, NOW, Network, put

STATEMENTS = ("execute", "executemany", "sql", "register")
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
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often DuckDB is asked, by what, while the body runs."""
    asked: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., Any]:
        own = getattr(duckdb.DuckDBPyConnection, name)

        def call(*given: Any, **named: Any) -> Any:
            asked[name] += 1
            return own(*given, **named)

        return call

    with monkeypatch.context() as watched:
        for name in STATEMENTS:
            watched.setattr(duckdb.DuckDBPyConnection, name, counting(name))
        yield asked


def test_m5_an_idle_cycle_asks_the_warehouse_as_often_for_many_sites_as_for_few(
    fleet: Callable[[int], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[int, Counter[str]] = {}
    for sites in (3, 15):
        folder = fleet(sites).folder
        with kept_open(load(folder).warehouse):
            for cycle in range(4):
                with counted(monkeypatch) as found[sites]:
                    run_cycle(load(folder), now=NOW + timedelta(minutes=cycle))
    assert found[3] == found[15]
    assert found[3].total() < 100
