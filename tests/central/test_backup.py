"""O5, B51, B55: central is backed up while cycles run; a backup holds all of it, and is whole or not there."""

from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central import cycle_file
from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import put_back_files, restore_server
from central.checkpoints.kept_files import damages
from central.checkpoints.kept_list import forget_backups, known_backups
from central.checkpoints.manifest import KEPT, WAREHOUSE, damaged_backups, found_backups, made_of
from central.cycle.run import run_cycle
from central.lock import in_turn
from central.project import ProjectError
from sites.schema import SCHEMA
from tests.central.copies import Copies
from tests.central.killed_backup import OFTEN, POINTS, killed_backup
from tests.central.lost_warehouse import all_rows
from tests.central.small_network import NOW, Network, make_network, stock_line
from tests.central.test_catch_up import flip
from tests.forks import end_of
from warehouse.connection import open_warehouse
from warehouse.whole_copy import table_hashes
from wire.file_errors import FileUnusable

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def synced(copies: Copies, tmp_path: Path) -> Iterator[Network]:
    def make(folder: Path, url: str) -> Network:
        made = make_network(folder, "sqlite:///north.sqlite", url)
        run_cycle(made.project, now=NOW)
        return made

    with copies.of("to_back_up", make, tmp_path / "network") as made:
        yield made


def whole(place: Path, number: int) -> bool:
    """Whether all is there that a backup is made of."""
    chain = made_of(folder := found_backups(place)[number])
    names = [name for one in chain for name in one.folders]
    documents = {name: text for one in chain for name, text in one.documents.items()}
    return not list(damages(folder.parent / KEPT, names, documents))


def test_o5_a_backup_is_the_warehouse_as_it_is_and_all_that_is_kept(synced: Network, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    (synced.folder / ".env").write_text("SECRET=x")
    first = back_up(synced.project, place, note="first", now=NOW)
    folder = found_backups(place)[1]
    assert all_rows(folder / WAREHOUSE) == all_rows(synced.project.warehouse)
    with open_warehouse(synced.project.warehouse, SCHEMA) as con:
        assert table_hashes(con) == first.tables
    assert whole(place, 1)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not list(place.rglob(".env"))

    synced.people_put("north", "stock_line", stock_line(2, "NTH"))
    run_cycle(synced.project, now=LATER)
    before = {path: path.stat().st_ino for path in (folder.parent / KEPT).rglob("*")}
    second = back_up(synced.project, place, note=None, now=LATER)
    assert {path: path.stat().st_ino for path in before} == before  # copied once
    assert (second.number, second.last_cycle) == (2, 2)
    assert not {*second.folders} & {*first.folders}
    assert second.documents.keys() == {"pulls/cycles/00000002.json", "pulls/cycles/00000002.delivered-1.json"}
    assert second.tables != first.tables
    known = known_backups(synced.project)
    assert [(one.number, one.last_cycle, one.note, one.is_there) for one in known] == [
        (1, 1, "first", True),
        (2, 2, None, True),
    ]
    assert len(forget_backups(synced.project, place)) == 2
    assert known_backups(synced.project) == []


def test_o5_a_backup_leaves_out_what_is_damaged_and_says_so(synced: Network, tmp_path: Path) -> None:
    [north] = [one.path for one in cycle_file.required(synced.project.pulls, 1).pulled if one.site_id == 2]
    (synced.project.pulls / north / "changes.parquet").write_bytes(b"no pull")
    made = back_up(synced.project, tmp_path / "backups", note=None, now=NOW)
    assert made.left_out == [f"pulls/{north}"]
    assert whole(tmp_path / "backups", 1)


def test_o5_what_is_no_folder_of_backups_is_refused(synced: Network, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    for place, words in (
        (tmp_path / "photos", "holds something else"),
        (synced.folder / "data" / "b", "on another disk"),
    ):
        with pytest.raises(ProjectError, match=words):
            back_up(synced.project, place, note=None, now=NOW)
    synced.project.pulls.rename(tmp_path / "away")
    with pytest.raises(ProjectError, match="no cycle has run yet"):
        back_up(synced.project, tmp_path / "backups", note=None, now=NOW)


def test_o5_a_damaged_backup_is_refused_with_the_file_named(synced: Network, tmp_path: Path) -> None:
    """And files that are gone or damaged come back from a sound one, alone."""
    place, project = tmp_path / "backups", synced.project
    back_up(project, place, note=None, now=NOW)
    folder = found_backups(place)[1]
    [path] = [one.path for one in cycle_file.required(project.pulls, 1).pulled if one.site_id == 2]
    flip(project.pulls / path / "manifest.json")
    cycle_file.path(project.pulls, 1).unlink()
    back = put_back_files(project, folder.parent / KEPT, made_of(folder), now=NOW)
    assert back == ["pulls/cycles/00000001.json", f"pulls/{path}"]
    assert put_back_files(project, folder.parent / KEPT, made_of(folder), now=NOW) == []

    victim = folder.parent / KEPT / "pulls" / path / "manifest.json"
    for file in (victim, folder / "working.duckdb", folder / "manifest.json"):
        kept = file.read_bytes()
        flip(file)
        with pytest.raises(FileUnusable, match=str(file)):
            plan_server(tmp_path / "new", folder)
        file.write_bytes(kept)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(ProjectError, match="not empty either"):
        plan_server(tmp_path / "full", folder)
    assert plan_server(tmp_path / "new", folder).is_new
    with pytest.raises(ProjectError, match="there is no backup 7"):
        chosen_backup(place, 7)


@pytest.mark.long
def test_o5_what_is_damaged_in_a_folder_of_backups_is_copied_again(synced: Network, tmp_path: Path) -> None:
    """Another size is seen by each backup; other bytes are where the operator has them looked at, as is said then."""
    place = tmp_path / "backups"
    back_up(synced.project, place, note=None, now=NOW)
    [pulled] = [one.path for one in cycle_file.required(synced.project.pulls, 1).pulled if one.site_id == 2]
    kept = found_backups(place)[1].parent / KEPT / "pulls" / pulled / "manifest.json"
    kept.write_bytes(kept.read_bytes() + b"x")
    back_up(synced.project, place, note=None, now=NOW)
    assert whole(place, 2)
    flip(kept)
    back_up(synced.project, place, note=None, now=NOW)
    assert not whole(place, 3)
    with pytest.raises(FileUnusable) as said:
        plan_server(synced.folder, chosen_backup(place, None))
    assert f"`supplysync backup {place} --check` copies it again" in str(said.value)
    back_up(synced.project, place, note=None, now=NOW, is_checked=True)
    assert whole(place, 4)


@pytest.mark.long
def test_o5_a_backup_whose_own_files_are_damaged_is_named_and_another_one_taken(
    synced: Network, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    for _ in range(2):
        back_up(synced.project, place, note=None, now=NOW)
    assert damaged_backups(place) == {}
    warehouse = found_backups(place)[1] / WAREHOUSE
    flip(warehouse)
    assert damaged_backups(place) == {1: warehouse}
    with pytest.raises(FileUnusable) as said:
        plan_server(synced.folder, chosen_backup(place, 1))
    assert f"`supplysync restore-server {place} --as-of 2` takes another one" in str(said.value)
    assert plan_server(synced.folder, chosen_backup(place, 2)).line is None


def test_o5_saved_questions_come_back_from_a_backup(synced: Network, tmp_path: Path) -> None:
    """What differs in the project is put aside, what came since stays."""
    place, asked, new = tmp_path / "backups", synced.folder / "reports", tmp_path / "new"
    (asked / "old").mkdir(parents=True)
    texts = {"stores.sql": "-- Stores\nselect 1", "No question.sql": "", "gone.sql": "-- Gone\nselect 2"}
    for name, text in texts.items():
        (asked / name).write_text(text)
    (asked / "notes.txt").write_text("no question")
    made = back_up(synced.project, place, note=None, now=NOW)
    folder = found_backups(place)[1]
    assert {name for name in made.files if "/" in name} == {f"reports/{name}" for name in texts}

    (asked / "stores.sql").write_text("-- Stores\nselect 3")
    (asked / "since.sql").write_text("-- Since\nselect 4")
    (asked / "gone.sql").unlink()
    plan = plan_server(synced.folder, folder)
    assert plan.document()["questions_put_back"] == ["reports/gone.sql", "reports/stores.sql"]
    aside = restore_server(plan, now=LATER)
    assert (aside / "reports" / "stores.sql").read_text() == "-- Stores\nselect 3"
    texts["since.sql"] = "-- Since\nselect 4"
    assert {path.name: path.read_text() for path in asked.glob("*.sql")} == texts
    assert plan_server(synced.folder, folder).questions == []

    restore_server(plan_server(new, folder), now=LATER)
    assert {path.name: path.read_text() for path in (new / "reports").iterdir()} == {
        name: text for name, text in texts.items() if name != "since.sql"
    }
    flip(folder / "reports" / "stores.sql")
    with pytest.raises(FileUnusable, match=r"stores\.sql"):
        plan_server(tmp_path / "other", folder)


def test_o5_a_backup_of_before_questions_were_in_it_restores(synced: Network, tmp_path: Path) -> None:
    place, asked = tmp_path / "backups", synced.folder / "reports"
    back_up(synced.project, place, note=None, now=NOW)  # as there is none, it is as one of before
    asked.mkdir()
    (asked / "since.sql").write_text("-- Since\nselect 4")
    plan = plan_server(synced.folder, found_backups(place)[1])
    restore_server(plan, now=LATER)
    assert (plan.questions, (asked / "since.sql").exists()) == ([], True)


@pytest.mark.parametrize("point", [pytest.param(one, marks=[pytest.mark.long] * (one not in OFTEN)) for one in POINTS])
def test_a6_a_backup_that_is_killed_leaves_those_before_and_the_next_goes_on(
    point: str, synced: Network, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    back_up(synced.project, place, note=None, now=NOW)
    synced.people_put("north", "stock_line", stock_line(2, "NTH"))
    run_cycle(synced.project, now=LATER)
    assert end_of(killed_backup, str(synced.folder), str(place), point) == -signal.SIGKILL
    assert whole(place, 1)
    with in_turn(synced.folder):  # the system gave it back
        pass
    last = back_up(synced.project, place, note=None, now=LATER)
    assert last.last_cycle == 2
    assert all(whole(place, number) for number in found_backups(place))
    assert [one.number for one in known_backups(synced.project)] == list(found_backups(place))
    assert last.number == (3 if "list" in point else 2)
