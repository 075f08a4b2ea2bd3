"""B8, P6: a warehouse that is lost, or put back from a backup, comes to where it was from kept cycles."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from central import cycle_file, delivery_file
from central.cycle.catch_up import CannotCatchUp
from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, pull_due
from central.project import Project
from sites.engines.connection import open_site
from sites.engines.log_tables import APPLIED_TABLE, NOTICE_TABLE, STATUS_TABLE
from tests.central.copies import lose_warehouse
from tests.central.lost_warehouse import HISTORY, LONG, POINTS, Lived, all_rows, caught_up, killed_catch_up
from tests.central.small_network import NOW, Network, stock_line
from tests.forks import end_of

Rows = dict[str, list[tuple[str, ...]]]
LATER = NOW + timedelta(hours=1)
LAST = len(HISTORY)


@pytest.fixture(scope="module")
def expected(lived: Lived) -> Rows:
    rows = all_rows(lived.warehouse_of(LAST))
    assert {row[4] for row in rows["ledger.skipped"]} == {"edited_since_pull", "refused_by_site"}
    assert [row[0] for row in lived.network.rows("south", NOTICE_TABLE, "record_id")] == ["paracetamol", "amoxicillin"]
    assert rows["ledger.transfer"]
    assert len(rows["ledger.delivery"]) == LAST - 1
    return rows


def files(project: Project) -> dict[Path, bytes]:
    """What central keeps besides the warehouse."""
    kept = (project.pulls, project.change_sets)
    return {path: path.read_bytes() for place in kept for path in place.rglob("*") if path.is_file()}


def require_same(project: Project, expected: Rows) -> None:
    found = all_rows(project.warehouse)
    assert {table: rows for table, rows in found.items() if rows != expected[table]} == {}


def notices_at_sites(network: Network) -> dict[str, list[tuple[object, ...]]]:
    """What people are told of their changes, and how many rows their site has not taken."""
    told = {site: network.rows(site, NOTICE_TABLE) for site in ("north", "south")}
    for site in told:
        with open_site(network.urls[site], network.folder) as db:
            told[site] += db.execute(f"select not_taken from {STATUS_TABLE}")
    return told


def a_pull(project: Project, cycle: int, site_id: int = 1) -> Path:
    found = cycle_file.required(project.pulls, cycle)
    [path] = [one.path for one in found.pulled if one.site_id == site_id]
    return project.pulls / path


def flip(file: Path) -> None:
    """Changes a byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.long
@pytest.mark.parametrize("cycle", [*(pytest.param(one, marks=pytest.mark.long) for one in range(6)), 6])
def test_b8_a_warehouse_of_any_cycle_or_none_comes_to_the_same_rows(
    cycle: int, lived: Lived, expected: Rows, tmp_path: Path
) -> None:
    project = lived.place(tmp_path, cycle=cycle)
    before = files(project)
    told = caught_up(project)
    assert [line.split()[1] for line in told] == [str(number) for number in range(cycle + 1, LAST + 1)]
    require_same(project, expected)
    assert caught_up(project) == []
    assert files(project) == before  # the same change sets, and nothing written over


@pytest.mark.parametrize("point", [pytest.param(one, marks=[pytest.mark.long] * (one in LONG)) for one in POINTS])
def test_a6_killed_while_it_catches_up_it_comes_to_the_same(
    point: str, lived: Lived, expected: Rows, tmp_path: Path
) -> None:
    project = lived.place(tmp_path, cycle=LAST - 2)
    assert end_of(killed_catch_up, str(tmp_path), point) == -signal.SIGKILL
    caught_up(project)
    require_same(project, expected)


DAMAGES: dict[str, Callable[[Project], Path]] = {
    "a pull is gone": lambda project: a_pull(project, 6, 3),
    "a pull was changed": lambda project: a_pull(project, 7, 3) / "manifest.json",
    "a cycle's file is gone": lambda project: cycle_file.path(project.pulls, 6),
    "a cycle's file was changed": lambda project: cycle_file.path(project.pulls, 7),
    "answers were changed": lambda project: delivery_file.file_of(project.pulls, 6, 1),
}


def test_p6_where_files_lack_it_stops_and_says_what_to_put_back(lived: Lived, expected: Rows, tmp_path: Path) -> None:
    """One after the other. Nothing is written over, and once all are back it goes on."""
    project = lived.place(tmp_path / "place", cycle=5)
    for damage, place in DAMAGES.items():
        victim, kept = place(project), tmp_path / damage.replace(" ", "_")
        victim.rename(kept)
        if "changed" in damage:
            shutil.copy(kept, victim)
            flip(victim)
        before = files(project)
        for _ in range(2):
            with pytest.raises(CannotCatchUp, match=r"ends at cycle 5 and cannot catch up with cycle 7: `") as refused:
                caught_up(project)
            assert str(victim) in str(refused.value), damage
        assert files(project) == before, damage
        kept.rename(victim)
    caught_up(project)
    require_same(project, expected)


@pytest.mark.long
def test_b8_what_would_come_to_other_change_sets_than_sites_applied_is_refused(lived: Lived, tmp_path: Path) -> None:
    """Answers of a cycle are gone, with what was skipped there, while the site was away in the next one."""
    project = lived.place(tmp_path, cycle=1)
    gone = delivery_file.file_of(project.pulls, 2, 1)
    gone.unlink()
    with pytest.raises(CannotCatchUp, match=r"would make another change set \d+ of site \d") as refused:
        caught_up(project)
    before = all_rows(project.warehouse)
    with pytest.raises(CannotCatchUp, match="would make another"):
        caught_up(project)
    assert all_rows(project.warehouse) == before
    assert f"is `{gone}` missing?" in str(refused.value)


@pytest.mark.parametrize("stage", [pytest.param("take_deliveries", marks=pytest.mark.long), "make_change_sets"])
def test_b14_fault_in_catching_up_a_stage_is_left_out(
    stage: str, lived: Lived, expected: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault is refused, or seen in the rows."""
    project = lived.place(tmp_path, cycle=3)
    monkeypatch.setattr(f"central.cycle.catch_up.{stage}", lambda *given, **named: None)
    with suppress(CannotCatchUp):
        caught_up(project)
    assert all_rows(project.warehouse) != expected


def test_b8_cycles_that_went_by_other_rules_are_not_admitted_by_these(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = lived.place(tmp_path, cycle=5)
    monkeypatch.setattr("central.cycle.catch_up.rules_version", lambda: "others")
    with pytest.raises(CannotCatchUp, match="cycle 6 went by the rules of another version; cycle 7 went by"):
        caught_up(project)


def test_p6_a_warehouse_of_another_central_is_recognised(lived: Lived, tmp_path: Path) -> None:
    """Or the folder of pulls is another's: nothing of the one is done with the other."""
    project = lived.place(tmp_path, cycle=3)
    with duckdb.connect(str(project.warehouse)) as con:
        con.execute("update ledger.cycle set started_at = started_at + interval 1 second where cycle = 3")
    with pytest.raises(CannotCatchUp, match=r"is not the warehouse of `.*`: cycle 3 began at .* in the one, at "):
        caught_up(project)
    assert max(int(row[0]) for row in all_rows(project.warehouse)["ledger.cycle"]) == 3


def test_p6_a_place_that_lost_its_cycle_files_too_does_not_begin_anew(lived: Lived, tmp_path: Path) -> None:
    project = lived.place(tmp_path, cycle=0)
    shutil.rmtree(project.pulls)
    with pytest.raises(CannotCatchUp, match=r"change_sets` holds what sites were sent, and no file of a cycle is kept"):
        caught_up(project)


@pytest.mark.long
@pytest.mark.parametrize("what", ["the cycle's file", pytest.param("a pull", marks=pytest.mark.long)])
def test_a6_a_cycle_that_was_cut_off_and_is_not_whole_stands_aside(what: str, network: Network) -> None:
    """Nobody was told of it: its sites are pulled again, and nothing is lost."""
    run_cycle(network.project, now=NOW)
    network.people_put("north", "stock_line", stock_line(1, "NTH"))
    run_cycle(network.project, now=LATER, stages=(pull_due,))
    file = cycle_file.path(network.project.pulls, 2)
    flip(file if what == "the cycle's file" else a_pull(network.project, 2, 2) / "changes.parquet")
    damaged = file.read_bytes()
    run_cycle(network.project, now=LATER)
    assert network.rows("south", "stock_line", "id") == [("stock-NTH-1",)]
    assert file.with_suffix(".damaged-1").read_bytes() == damaged


def test_a6_a_whole_cycle_that_was_cut_off_is_admitted_before_the_next(network: Network) -> None:
    run_cycle(network.project, now=NOW, stages=(pull_due,))
    kept = cycle_file.path(network.project.pulls, 1).read_bytes()
    run_cycle(network.project, now=LATER)
    assert cycle_file.path(network.project.pulls, 1).read_bytes() == kept
    assert network.warehouse("select cycle, is_routed from ledger.cycle order by 1") == [(1, True), (2, True)]
    assert network.rows("south", "item", "id") == [("amoxicillin",), ("paracetamol",)]


@pytest.mark.parametrize("site", ["south", pytest.param("north", marks=pytest.mark.long)])
def test_p6_a_site_that_is_ahead_of_central_fails_alone(site: str, synced: Network) -> None:
    """Another central, or one that was put back, sends to it: nothing is done there, and nothing is admitted of it."""
    with open_site(synced.urls[site], synced.folder) as db:
        [(answer,)] = db.execute(f"select answer from {APPLIED_TABLE}")
        later = {**json.loads(answer), "number": 9}
        row = (9, later["content_hash"], LATER.isoformat(), json.dumps(later))
        db.execute(f"insert into {APPLIED_TABLE} (number, content_hash, applied_at, answer) values (?, ?, ?, ?)", row)
    synced.people_run("central", "update item set name = 'New'")
    synced.people_put(site, "stock_line", stock_line(1, {"north": "NTH", "south": "STH"}[site]))
    before = synced.rows(site, "stock_line")
    run_cycle(synced.project, now=LATER)
    outcomes = synced.warehouse("select site_code, last_outcome, last_error from ledger.site order by 1")
    assert [(code, outcome) for code, outcome, _ in outcomes if code != site] == [
        (code, "ok") for code in ("central", "north", "south") if code != site
    ]
    [said] = [error for code, _, error in outcomes if code == site]
    assert said.startswith("site_is_ahead (change set 9; central's last is 1): ")
    assert synced.rows(site, "stock_line") == before
    assert synced.rows(site, "item", "name") != [("New",), ("New",)]
    other = {"north": "south", "south": "north"}[site]
    assert synced.rows(other, "item", "name") == [("New",), ("New",)]
    assert synced.warehouse("select * from replica.stock_line") == []

    with open_site(synced.urls[site], synced.folder) as db:
        db.execute(f"delete from {APPLIED_TABLE} where number = 9")
        db.execute(f"update {APPLIED_TABLE} set answer = replace(answer, 'content_hash\": \"', 'content_hash\": \"0')")
    run_cycle(synced.project, now=LATER)
    [(said,)] = synced.warehouse(f"select last_error from ledger.site where site_code = '{site}'")
    assert said.startswith("site_is_ahead (change set 1, with other content than central's): ")


@pytest.mark.long
def test_p6_central_without_its_warehouse_goes_on_with_its_sites(lived: Lived) -> None:
    """And nothing is done at any site a second time, though a version before kept no answers of the last cycle: they
    are in the sites' next pulls."""
    network = lived.network
    network.people_put("north", "stock_line", stock_line(8, "NTH"))
    network.people_run("south", "update item set name = 'Mine' where id = 'paracetamol'")
    run_cycle(network.project, now=LATER)
    before, told = network.contents(), notices_at_sites(network)
    delivery_file.file_of(network.project.pulls, LAST + 1, 1).unlink()
    lose_warehouse(network.project.warehouse)
    run_cycle(network.project, now=LATER + timedelta(hours=1))
    assert network.contents() == before
    last = f"select sum(sent), count(*) filter (outcome = 'ok') from ledger.visit where cycle = {LAST + 2}"
    assert network.warehouse(last) == [(0, 3)]
    run_cycle(network.project, now=LATER + timedelta(hours=2))
    assert (network.contents(), notices_at_sites(network)) == (before, told)
    assert admit_next(Asked(network.project, LATER)) is None
