"""The warehouse stays open for a moment between its uses, and is in nobody's way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sites.schema import SCHEMA
from tests.forks import end_of
from warehouse import keeper
from warehouse.connection import is_open, open_warehouse, value
from warehouse.keeper import kept_open
from warehouse.retention.compaction import compact


@pytest.fixture
def warehouse(new_warehouse: Callable[[Path], Path], tmp_path: Path) -> Path:
    return new_warehouse(tmp_path / "working.duckdb")


def use(warehouse: Path) -> int:
    """Counts its uses."""
    with open_warehouse(warehouse, SCHEMA) as con:
        con.execute("create table if not exists uses (n integer)")
        con.execute("insert into uses values (1)")
        return value(con, "select count(*) from uses")


def opened_elsewhere(warehouse: str) -> None:
    with open_warehouse(Path(warehouse), SCHEMA, wait_s=30):
        pass


def test_a_use_is_followed_by_a_moment_in_which_it_stays_open(warehouse: Path) -> None:
    use(warehouse)
    assert not is_open(warehouse)
    with kept_open(warehouse):
        assert not is_open(warehouse)  # nobody used it yet
        assert use(warehouse) == 2
        assert is_open(warehouse)
        assert use(warehouse) == 3
    assert not is_open(warehouse)


def test_whoever_waits_for_it_gets_it_while_nobody_uses_it(warehouse: Path) -> None:
    with kept_open(warehouse):
        use(warehouse)
        assert end_of(opened_elsewhere, str(warehouse)) == 0
        assert use(warehouse) == 2


def test_a_moment_is_counted_from_the_last_use(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "IDLE_S", 0.01)
    with kept_open(warehouse):
        use(warehouse)
        deadline = time.monotonic() + 10
        while is_open(warehouse):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert use(warehouse) == 2


def test_a_file_that_was_put_back_or_removed_is_the_one_that_is_used(warehouse: Path, tmp_path: Path) -> None:
    with kept_open(warehouse):
        use(warehouse)
        with duckdb.connect(str(warehouse)) as con:
            con.execute("checkpoint")
        (tmp_path / "copy").write_bytes(warehouse.read_bytes())
        assert use(warehouse) == 2
        (tmp_path / "copy").replace(warehouse)
        assert use(warehouse) == 2
        warehouse.unlink()
        assert use(warehouse) == 1


def test_it_is_read_only_and_compacted_as_if_nobody_kept_it(warehouse: Path) -> None:
    with kept_open(warehouse):
        use(warehouse)
        with open_warehouse(warehouse, SCHEMA, read_only=True) as con:
            assert con.execute("select count(*) from uses").fetchone() == (1,)
        use(warehouse)
        with open_warehouse(warehouse, SCHEMA) as con:
            con.execute("create table large as select range as n, repeat('x', 200) || range as t from range(400000)")
            con.execute("drop table large")
        assert compact(warehouse, SCHEMA, least_free=1) > 0
        assert use(warehouse) == 3
