"""W5, B54: what is kept of cycles gives the warehouse again, table by table; and what it was at any of them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from central import cycle_file
from central.backup.backup import back_up
from central.backup.replay import replay_cycles
from central.cycle.catch_up import CannotCatchUp
from central.project import Project, ProjectError
from tests.central.lost_warehouse import HISTORY, Lived, all_rows
from tests.central.small_network import NOW

LAST = len(HISTORY)


@pytest.fixture
def project(lived: Lived, tmp_path: Path) -> Project:
    return lived.place(tmp_path / "place", cycle=LAST)


def test_w5_a_replay_equals_the_working_warehouse(project: Project, tmp_path: Path) -> None:
    found = replay_cycles(project, until=None, out=tmp_path / "again.duckdb", place=None)
    assert (found.cycle, found.compared_with, found.differing) == (LAST, "the working warehouse", [])
    assert found.tables > 150
    assert all_rows(tmp_path / "again.duckdb") == all_rows(project.warehouse)
    with pytest.raises(ProjectError, match="is there already"):
        replay_cycles(project, until=None, out=tmp_path / "again.duckdb", place=None)


@pytest.mark.long
def test_w5_what_was_known_at_a_cycle(project: Project, lived: Lived, tmp_path: Path) -> None:
    found = replay_cycles(project, until=3, out=tmp_path / "3.duckdb", place=None)
    assert (found.cycle, found.compared_with) == (3, None)
    assert all_rows(tmp_path / "3.duckdb") == all_rows(lived.warehouse_of(3))
    with pytest.raises(ProjectError, match="there is no cycle 99"):
        replay_cycles(project, until=99, out=None, place=None)


@pytest.mark.long
def test_b54_each_table_that_differs_is_named(project: Project) -> None:
    tables = {"replica.item", "ledger.quarantine", "ledger.sequence"}
    with duckdb.connect(str(project.warehouse)) as con:
        for table in tables:
            con.execute(f"delete from {table} where rowid = (select min(rowid) from {table})")
    found = replay_cycles(project, until=None, out=None, place=None).differing
    assert tables <= set(found)
    assert "replica.unit" not in found


@pytest.mark.long
def test_b54_a_replay_may_begin_at_a_backup_and_be_held_against_one(
    project: Project, lived: Lived, tmp_path: Path
) -> None:
    """Then earlier pulls need not be kept, and cycles that went by other rules need not be admitted."""
    back_up(project, tmp_path / "backups", note=None, now=NOW)
    [path, *_] = [one.path for one in cycle_file.required(project.pulls, 1).pulled]
    (project.pulls / path).rename(tmp_path / "pruned")
    lacks = re.escape(f"cycle 1 cannot be replayed: `{project.pulls / path}")
    with pytest.raises(CannotCatchUp, match=rf"{lacks}.*`supplysync replay --from DIR`"):
        replay_cycles(project, until=None, out=None, place=None)
    found = replay_cycles(project, until=None, out=None, place=tmp_path / "backups")
    assert (found.begun_at, found.differing) == (LAST, [])
    with pytest.raises(ProjectError, match="is of cycle 3 or before"):
        replay_cycles(project, until=3, out=None, place=tmp_path / "backups")
