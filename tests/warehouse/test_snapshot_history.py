"""What each snapshot said stays, whatever goes: snapshots, the folder of them, or the warehouse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from sites.schema import SCHEMA
from tests.warehouse.publishing import NOW, cycle, fill, line, published, put
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse, query
from warehouse.records import publication
from warehouse.snapshots.current import current, open_snapshot, snapshots
from warehouse.whole_copy import report_hashes, table_hashes

NUMBERS = "select number from reports.snapshot_history order by rowid"


@pytest.fixture
def con(con: Connection) -> Connection:
    """A warehouse after its first cycle."""
    fill(con)
    return con


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def numbers(folder: Path) -> list[int]:
    with open_snapshot(current(folder)) as con:
        return [number for (number,) in con.execute(NUMBERS).fetchall()]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """The place of such a warehouse and of its two snapshots."""
    place = tmp_path_factory.mktemp("original")
    with open_warehouse(new_warehouse(place / "working.duckdb"), SCHEMA) as con:
        fill(con)
        publish_often(con, place / "published", 2)
    return place


@pytest.fixture
def twice(original: Path, tmp_path: Path) -> Iterator[Connection]:
    """A copy of it, its snapshots in ``folder``."""
    shutil.copytree(original, tmp_path, symlinks=True, dirs_exist_ok=True)
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con:
        yield con


def publish_often(con: Connection, folder: Path, times: int) -> None:
    for _ in range(times):
        published(con, folder, full=True)


def test_b16_each_snapshot_has_what_it_and_all_before_said(con: Connection, folder: Path) -> None:
    """Seven packs of 1.50 of each of three items at two stores; nothing of it is used, but 20 of X."""
    published(con, folder)
    put(con, "stock_line", line("A", "X", 9), line("B", "Y", 0))
    cycle(con, 2)
    published(con, folder, now=NOW + timedelta(days=1))
    columns = (
        "number cycle as_of_date stores_total stores_current sites_total sites_silent stock_value usable_value "
        "expired_value pairs_known pairs_out transfers_under_way rejected waiting"
    )
    expected = by_hand("""
        1 1 2026-07-01 2 2 2 0 63   63   0 6 0 0 0 0
        2 2 2026-07-02 2 2 2 0 55.5 55.5 0 6 1 0 0 0   # 3 more, 10.50 less
    """)
    assert shown(con, "snapshot_history", columns) == expected
    with open_snapshot(current(folder)) as snapshot:
        assert shown(snapshot, "snapshot_history", columns) == expected


@pytest.mark.long
def test_b16_it_stays_when_snapshots_go(con: Connection, folder: Path) -> None:
    publish_often(con, folder, 8)
    assert len(snapshots(folder)) < 8
    assert numbers(folder) == [*range(1, 9)]


def test_w5_a_warehouse_that_is_made_again_takes_it_from_the_snapshot(twice: Connection, folder: Path) -> None:
    twice.execute("delete from ledger.snapshot_history; delete from ledger.publication")
    publish_often(twice, folder, 1)
    assert numbers(folder) == [1, 2, 3]
    assert query(twice, "from reports.snapshot_history").height == 3


def test_o5_where_the_folder_is_gone_it_goes_on_from_what_the_ledger_has(twice: Connection, folder: Path) -> None:
    shutil.rmtree(folder)
    publish_often(twice, folder, 1)
    assert numbers(folder) == [1, 2, 3]


@pytest.mark.long
def test_a6_a_publication_that_is_killed_before_the_ledger_knows_it_is_in_it(
    con: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(con, folder)
    with monkeypatch.context() as patch:
        patch.setattr(publication, "enter_publication", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            published(con, folder, full=True)
    assert query(con, "from ledger.snapshot_history").height == 1
    publish_often(con, folder, 1)
    assert numbers(folder) == [1, 2, 3]


@pytest.mark.parametrize(
    "damage", ["cut", *(pytest.param(one, marks=pytest.mark.long) for one in ("without", "fewer"))]
)
def test_b16_a_snapshot_of_another_version_stops_no_publication(twice: Connection, folder: Path, damage: str) -> None:
    twice.execute("delete from ledger.snapshot_history")
    path = current(folder).path
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        with duckdb.connect(str(path)) as file:
            file.execute("drop table reports.snapshot_history" if damage == "without" else
                         "alter table reports.snapshot_history drop column stock_value; checkpoint")  # fmt: skip
        manifest = path.with_suffix("") / "manifest.json"
        said = json.loads(manifest.read_text())
        said["database"]["bytes"] = path.stat().st_size
        manifest.write_text(json.dumps(said))
    publish_often(twice, folder, 1)
    assert numbers(folder) == ([1, 2, 3] if damage == "fewer" else [3])


@pytest.mark.long
def test_w5_a_replay_is_not_held_against_it(con: Connection, folder: Path) -> None:
    """No cycle writes it, and what a snapshot said cannot be said again of what it was made of."""
    before = {**table_hashes(con), **report_hashes(con)}
    published(con, folder)
    assert {**table_hashes(con), **report_hashes(con)} == before
