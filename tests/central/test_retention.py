"""B5, B55: nothing grows without bound, and what goes is missed by nobody."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from central import cycle_file
from central.backup.backup import back_up
from central.backup.replay import replay_cycles
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import restore_server
from central.checkpoints.kept_list import known_backups
from central.cycle.catch_up import CannotCatchUp
from central.cycle.stages import Asked
from central.decisions import write_decision
from central.plan.prune import PrunePlan, plan_prune, prune_project
from central.plan.readmission import plan_readmission
from central.project import load
from sites.engines.connection import open_site
from sync_rules.words import DecisionKind
from tests.central.aging import POINTS, cycle, day, grow_old, killed_day, make_old, work
from tests.central.copies import Copies
from tests.central.restoring import backup
from tests.central.small_network import Network
from tests.forks import end_of
from warehouse.connection import open_warehouse

LAST = 7


@pytest.fixture
def old(copies: Copies, tmp_path: Path) -> Iterator[Network]:
    """A week old; no backup of central was ever made."""

    def make(folder: Path, url: str) -> Network:
        made = make_old(folder, url)
        grow_old(made, 1, LAST)
        return made

    with copies.of("old", make, tmp_path / "network") as made:
        yield made


def log_of(network: Network, site: str) -> int:
    with open_site(network.urls[site], network.folder) as db:
        return int(db.execute("select count(*) from supplysync_change_log")[0][0])


def answers_of(network: Network, site: str) -> int:
    with open_site(network.urls[site], network.folder) as db:
        return int(db.execute("select count(*) from supplysync_applied")[0][0])


def pulls_of(network: Network) -> list[int]:
    """The cycles of which landed pulls are there."""
    return sorted({int(one.name.split("-")[1]) for one in network.project.pulls.glob("*/e*-*")})


def outcomes(network: Network) -> set[str]:
    return {outcome for (outcome,) in network.warehouse("select last_outcome from ledger.site")}


def stock(network: Network, place: str) -> list[tuple[object, ...]]:
    """North's stock, at a site or in the warehouse."""
    if place == "warehouse":
        return network.warehouse(
            "select id, total_packs::double from replica.stock_line where store_id = 'NTH' order by 1"
        )
    return [
        (line, float(packs)) for line, packs in network.rows(place, "stock_line", "id, total_packs", "store_id = 'NTH'")
    ]


def items(network: Network, place: str) -> list[tuple[object, ...]]:
    if place == "warehouse":
        return network.warehouse("select id, name from replica.item where id <> 'paracetamol' order by 1")
    return network.rows(place, "item", "id, name", "id <> 'paracetamol'")


def require_in_step(network: Network) -> None:
    assert outcomes(network) == {"ok"}
    for place in ("north", "south", "warehouse"):
        assert items(network, place) == items(network, "central"), place
    for place in ("south", "warehouse"):
        assert stock(network, place) == stock(network, "north"), place


def line_of(plan: PrunePlan, what: str) -> tuple[int, str]:
    [found] = [line for line in plan.lines if line.what == what]
    return found.count, found.held_by


@pytest.mark.long
def test_b5_the_sequence_goes_below_all_positions_once_it_is_old(old: Network) -> None:
    [(known_after,)] = old.warehouse("select known_after from ledger.prune")
    assert known_after == 2 * (LAST - 4) - 1  # two cycles a day after the first
    [(lowest,)] = old.warehouse("select min(cycle) from ledger.sequence")
    assert lowest > known_after
    for table in ("visit", "delivery", "change_set where number < (select change_set_number from ledger.site as s "
                  "where s.site_id = change_set.site_id)"):  # fmt: skip
        [(lowest,)] = old.warehouse(f"select min(cycle) from ledger.{table}")
        assert lowest > known_after, table
    assert old.warehouse("select count(*) from ledger.site_scope where to_seq is not null") == [(0,)]
    [(first,)] = old.warehouse(
        "select min(c.started_at) from ledger.quarantine join ledger.cycle as c on c.cycle = closed_cycle"
    )
    assert first is None or first.date() >= day(LAST - 6).date()
    require_in_step(old)


def test_b55_logs_and_answers_at_sites_go_on_both_engines(old: Network) -> None:
    """North is SQLite, south PostgreSQL: what is older than two days was read and is gone, and nobody misses it."""
    assert 5 * 2 <= log_of(old, "north") <= 6 * 4  # of so many days, so much is written in one
    assert 3 <= log_of(old, "south") <= 6 * 2
    assert answers_of(old, "north") <= 2 * 4 + 1
    work(old, LAST + 1)
    cycle(old, LAST + 1)
    require_in_step(old)


@pytest.mark.long
def test_b55_without_a_backup_no_pull_goes_and_it_is_said_with_the_command(old: Network) -> None:
    assert pulls_of(old) == list(range(1, 2 * LAST + 2))
    plan = plan_prune(load(old.folder), day(LAST + 1))
    count, held = line_of(plan, "landed pulls")
    assert count == 0
    assert "`supplysync backup DIR`" in held
    differing = replay_cycles(old.project, until=None, out=None, place=None).differing
    assert {*differing} <= {"ledger.bookmark", "ledger.site"}  # these name the cluster that the copy is in


@pytest.mark.long
def test_b54_pulls_go_once_a_backup_has_them_and_a_replay_from_there_is_the_warehouse(
    old: Network, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    back_up(old.project, place, note=None, now=day(LAST, 9))
    grow_old(old, LAST + 1, LAST + 2)
    [(known_after, pulls_to)] = old.warehouse("select known_after, pulls_to from ledger.prune")
    assert pulls_to == known_after
    assert min(pulls_of(old)) == pulls_to + 1
    cycles = cycle_file.numbers(old.project.pulls)
    assert cycles == list(range(1, 2 * (LAST + 2) + 2))  # cycle files always stay
    with pytest.raises(CannotCatchUp, match="replay --from DIR"):
        replay_cycles(old.project, until=None, out=None, place=None)
    assert replay_cycles(old.project, until=None, out=None, place=place).differing == []
    require_in_step(old)
    (old.folder / "data" / "warehouse" / "working.duckdb").unlink()
    restore_server(plan_server(old.folder, chosen_backup(place, None)), now=day(LAST + 2))
    work(old, LAST + 3)
    cycle(old, LAST + 3)
    require_in_step(old)
    assert old.warehouse("select count(*) from ledger.line") == [(1,)]  # all that came after it was kept


@pytest.mark.long
def test_b55_a_backup_that_is_damaged_or_away_holds_pulls_back(old: Network, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    back_up(old.project, place, note=None, now=day(LAST, 9))
    place.rename(tmp_path / "away")
    grow_old(old, LAST + 1, LAST + 1)
    assert min(pulls_of(old)) == 1
    (tmp_path / "away").rename(place)
    [kept] = place.glob("line-*/kept/pulls/north/*-00000003-*")
    (kept / "changes.parquet").write_bytes(b"broken")
    grow_old(old, LAST + 2, LAST + 2)
    assert [one.name for one in old.project.pulls.glob("north/e*-00000003-*")] == [kept.name]
    assert not list(old.project.pulls.glob("north/e*-00000004-*"))


@pytest.mark.long
def test_o5_the_oldest_backup_on_the_list_can_be_restored(old: Network, tmp_path: Path) -> None:
    """Precision 25: what its sites' logs had then is held, however old, until the backup is forgotten."""
    place = tmp_path / "backups"
    back_up(old.project, place, note=None, now=day(LAST, 9))
    grow_old(old, LAST + 1, LAST + 4)
    back_up(old.project, place, note=None, now=day(LAST + 4, 9))
    grow_old(old, LAST + 5, LAST + 6)
    assert [one.last_cycle for one in known_backups(old.project)] == [15, 23]
    restore_server(plan_server(old.folder, chosen_backup(place, 1)), now=day(LAST + 6, 12))
    work(old, LAST + 7)
    for hour in (0, 1, 2):
        cycle(old, LAST + 7, hour)
    require_in_step(old)


@pytest.mark.long
def test_b50_a_site_is_let_in_again_from_a_place_of_a_day_before_bookmarks_were_thinned(old: Network) -> None:
    """Precision 6: the old line is worked out from all pulls since, also those of places that are forgotten."""
    network = old
    with backup(network, "north") as kept:
        grow_old(network, LAST + 1, LAST + 3)
        network.people_put(
            "north", "stock_line", {"id": "lost", "store_id": "NTH", "item_id": "amoxicillin", "total_packs": 1}
        )
        cycle(network, LAST + 3, 9)
        [(places,)] = network.warehouse(
            "select count(*) from ledger.bookmark where site_id = 2 and bookmark is null and cycle > 15"
        )
        assert places > 0
        kept.put_back()
        network.people_put(
            "north", "stock_line", {"id": "new", "store_id": "NTH", "item_id": "amoxicillin", "total_packs": 1}
        )
        project = load(network.folder)
        with open_warehouse(project.warehouse, project.schema) as con:
            site = next(one for one in project.topology.sites if one.code == "north")
            plan = plan_readmission(con, project, site, taken=None, now=day(LAST + 4))
        assert plan.fork is not None
        write_decision(project.pulls, DecisionKind.READMIT, "north", reason=None, now=day(LAST + 4),
                       decided_by="us", record_id=plan.readmission.what)  # fmt: skip
        for hour in (0, 1, 2):
            cycle(network, LAST + 4, hour)
    require_in_step(network)
    names = [row[0] for row in network.rows("north", "stock_line", "id")]
    assert {"lost", "new", f"stock-NTH-{1000 + LAST + 3}"} <= {*names}


@pytest.mark.long
def test_b5_a_site_that_is_away_for_long_holds_nothing_and_gets_what_it_lacks_when_it_returns(
    old: Network,
) -> None:
    network = old
    grow_old(network, LAST + 1, LAST + 9, only=["central", "north"])
    held = network.warehouse(
        "select count(*) from ledger.sequence where seq <= (select min(position) from ledger.site where site_id <> 3)"
    )
    [(known_after,)] = network.warehouse("select known_after from ledger.prune")
    [(entries, records)] = network.warehouse(
        f"select count(*), count(distinct (table_name, record_id)) from ledger.sequence where cycle <= {known_after}"
    )
    assert held > [(0,)]
    assert entries <= 3 * records
    assert entries < 20
    network.people_run("south", "update item set name = 'mine again' where id = 'paracetamol'")
    cycle(network, LAST + 10)
    cycle(network, LAST + 10, 1)
    require_in_step(network)
    grow_old(network, LAST + 11, LAST + 11)
    [(lowest,)] = network.warehouse("select min(cycle) from ledger.sequence")
    assert lowest > known_after


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a6_a_day_that_is_killed_is_gone_on_with(point: str, old: Network, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    back_up(old.project, place, note=None, now=day(LAST, 9))
    work(old, LAST + 1)
    assert end_of(killed_day, str(old.folder), str(LAST + 1), point) == -signal.SIGKILL
    grow_old(old, LAST + 2, LAST + 2)
    require_in_step(old)
    [(pulls_to,)] = old.warehouse("select pulls_to from ledger.prune")
    assert min(pulls_of(old)) == pulls_to + 1 > 1
    assert not list((old.folder / "data").rglob(".gone-*"))
    assert replay_cycles(old.project, until=None, out=None, place=place).differing == []


@pytest.mark.long
def test_b51_what_prune_shows_is_what_goes(old: Network, tmp_path: Path) -> None:
    """It is a cycle that pulls nothing: a replay knows of it. A second time there is nothing."""
    place = tmp_path / "backups"
    back_up(old.project, place, note=None, now=day(LAST, 9))
    later = day(LAST + 4)
    project = load(old.folder)
    plan = plan_prune(project, later)
    assert plan_prune(project, later) == plan
    before = {kind: len(list((old.folder / "data" / kind).glob("*/*-*"))) for kind in ("pulls", "change_sets")}
    sequence = old.warehouse("select count(*) from ledger.sequence")
    prune_project(Asked(project, later, "us"))
    assert line_of(plan, "landed pulls")[0] == before["pulls"] - len(list(project.pulls.glob("*/*-*"))) > 0
    sets = len(list(project.change_sets.glob("*/*-*")))
    assert line_of(plan, "change sets")[0] == before["change_sets"] - sets > 0
    assert (
        line_of(plan, "entries of the sequence")[0]
        == sequence[0][0] - old.warehouse("select count(*) from ledger.sequence")[0][0]
        > 0
    )
    assert line_of(plan, "log and answers at north")[0] > 0
    again = plan_prune(load(old.folder), later)
    assert again.is_empty
    assert replay_cycles(load(old.folder), until=None, out=None, place=place).differing == []
    cycle(old, LAST + 5)
    require_in_step(old)


@pytest.mark.long
def test_b55_what_a_site_lacks_is_held_for_it_and_said(old: Network) -> None:
    grow_old(old, LAST + 1, LAST + 4, only=["central", "north"])
    plan = plan_prune(load(old.folder), day(LAST + 5, 3))
    assert line_of(plan, "entries of the sequence")[1] == "south lack what came before: `supplysync sync south`"


def test_b55_what_was_put_aside_is_only_told(old: Network) -> None:
    aside = old.folder / "data" / "before-restore-20261101T000000Z"
    aside.mkdir()
    (aside / "x").write_bytes(b"12345")
    plan = plan_prune(load(old.folder), day(LAST))
    assert plan.told == {"data/before-restore-20261101T000000Z": 5}
    prune_project(Asked(load(old.folder), day(LAST), "us"))
    assert aside.is_dir()


def test_b8_the_last_cycle_is_found_without_a_listing(old: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    pulls = old.project.pulls
    last = max(cycle_file.numbers(pulls))
    note = pulls / "cycles" / ".last"
    for text in (str(last), str(last - 7), "1", "", "no number", str(last + 9)):
        note.write_text(text)
        assert cycle_file.last_number(pulls) == last
    note.unlink()
    assert cycle_file.last_number(pulls) == last
    note.write_text(str(last - 3))
    shutil.move(cycle_file.path(pulls, last - 2), pulls / "lost")  # a gap hides nothing
    assert cycle_file.last_number(pulls) == last
    monkeypatch.setattr(cycle_file, "numbers", lambda _: pytest.fail("the folder was listed"))
    assert cycle_file.last_number(pulls) == last
