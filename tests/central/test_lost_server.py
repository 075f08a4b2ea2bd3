"""O5, B53: a server that is lost is made again from a backup; sites that were told more than it knows go on with it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from central import cycle_file
from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.cycle.run import run_cycle
from central.decisions import write_decision
from central.project import load
from central.server_line import ServerSuperseded
from demo.network.postgres import PostgresServer
from sites.capture.line import line_met
from sites.engines.connection import open_site
from sites.engines.log_tables import LINE_TABLE
from sync_rules.words import DecisionKind
from tests.central.lost_server import (
    POINTS,
    killed_restoration,
    lived,
    lose_server,
    place_of,
    restored,
    settle,
)
from tests.central.small_network import NOW, Network, stock_line
from tests.forks import end_of

Contents = dict[str, dict[str, list[tuple[str, ...]]]]
New = Callable[[str], Network]
SITES = "select site_code, last_outcome, last_error from ledger.site order by 1"


@pytest.fixture(scope="module")
def new(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> New:
    """Makes the network, south on PostgreSQL."""

    def make(name: str) -> Network:
        return lived(tmp_path_factory.mktemp(name) / "network", postgres_server.create_database(f"lost_{name}"))

    return make


@pytest.fixture(scope="module")
def expected(new: New) -> Contents:
    """What an undisturbed network comes to."""
    network = new("undisturbed")
    settle(network)
    contents = network.contents()
    assert len(contents["south"]["invoice"]) == 2
    assert not any("ghost" in row for row in contents["north"]["item"])
    return contents


def differences(network: Network, expected: Contents) -> list[str]:
    """What is otherwise than where nothing was lost."""
    found = network.contents()
    return [
        f"{place} {table}: {sorted({*rows} ^ {*expected[place][table]})}"
        for place, tables in found.items()
        for table, rows in tables.items()
        if rows != expected[place][table]
    ]


@pytest.mark.long
def test_b53_sites_that_were_told_more_go_on_with_a_restored_server(
    new: New, expected: Contents, tmp_path: Path
) -> None:
    """Nobody is refused, nothing is lost or done twice, and what came and went meanwhile is nowhere (precision 8). The
    old server is refused by all when it comes back."""
    network = new("restored")
    shutil.copytree(network.folder / "data", tmp_path / "old")
    lose_server(network)
    restored(network)
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))
    assert {outcome for _, outcome, _ in network.warehouse(SITES)} == {"ok"}
    assert network.warehouse("select count(*) from ledger.line") == [(2,)]
    # copies of others' documents, which are read for halves that nobody knows of, are no edits
    assert network.warehouse("select site_id, table_name, record_id, reason from ledger.quarantine") == []
    # numbers of both lines never mean the same: sets of the new one began where the backup ended
    assert network.warehouse("select max(number) < 9 from ledger.change_set") == [(True,)]
    network.people_put("north", "stock_line", stock_line(8, "NTH"))
    settle(network, 20)
    assert len(network.rows("south", "stock_line", "id", "store_id = 'NTH'")) == 3

    (network.folder / "data").rename(tmp_path / "restored")
    (tmp_path / "old").rename(network.folder / "data")
    before = network.rows("north", "stock_line")
    with pytest.raises(ServerSuperseded, match=r"central_superseded \(line [0-9a-f]+\): "):
        run_cycle(network.project, now=NOW)
    assert network.rows("north", "stock_line") == before


@pytest.mark.long
def test_b53_a_second_restore_of_the_same_backup_needs_an_operator(new: New, expected: Contents) -> None:
    """Precision 24: the server that was restored is lost too."""
    network = new("twice")
    lose_server(network)
    restored(network)
    settle(network)
    with open_site(network.urls["north"], network.folder) as db:
        between = line_met(db)
    assert between is not None
    lose_server(network)
    restored(network)
    settle(network)
    said = [error for _, outcome, error in network.warehouse(SITES) if outcome == "failed"]
    assert len(said) == 3
    assert all(one.startswith(f"another_central (line {between.id})") for one in said)
    lose_server(network)
    restored(network, superseded=(between.id,))
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))
    assert {outcome for _, outcome, _ in network.warehouse(SITES)} == {"ok"}


@pytest.mark.long
def test_b8_where_later_cycles_are_kept_no_line_begins(new: New, expected: Contents) -> None:
    network = new("kept")
    network.project.warehouse.unlink()
    plan = plan_server(network.folder, chosen_backup(place_of(network), None))
    assert (plan.last_cycle, list(plan.again), list(plan.aside), plan.line) == (1, [2, 3], [], None)
    restored(network)
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))
    assert network.warehouse("select count(*) from ledger.line") == [(1,)]


@pytest.mark.long
def test_o5_what_is_kept_and_not_whole_is_put_aside_and_its_sites_are_read_again(new: New, expected: Contents) -> None:
    network = new("broken")
    [pull] = [one.path for one in cycle_file.required(network.project.pulls, 3).pulled if one.site_id == 2]
    shutil.rmtree(network.project.pulls / pull)
    network.project.warehouse.unlink()
    plan = plan_server(network.folder, chosen_backup(place_of(network), None))
    assert (list(plan.again), list(plan.aside), plan.line is None) == ([2], [3], False)
    restored(network)
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))


@pytest.mark.long
def test_b51_what_operators_decided_since_is_shown_and_not_done(new: New) -> None:
    """It was about a state that is lost. Nor does a pull that nobody needs any more stay in the way of a backup."""
    network = new("decided")
    write_decision(network.project.pulls, DecisionKind.RESEND, "north", reason="r", now=NOW, decided_by="ana",
                   record_id="everything:")  # fmt: skip
    settle(network)
    write_decision(network.project.pulls, DecisionKind.PAUSE, "south", reason=None, now=NOW, decided_by="ana")
    [pull] = [one.path for one in cycle_file.required(network.project.pulls, 4).pulled if one.site_id == 2]
    (network.project.pulls / pull / "more").write_text("x")  # damaged: what comes after it cannot be admitted again
    network.project.warehouse.unlink()
    plan = plan_server(network.folder, chosen_backup(place_of(network), None))
    assert [(one.number, one.kind, one.site_code) for one in plan.decisions] == [
        (1, "resend", "north"),
        (2, "pause", "south"),
    ]
    restored(network)
    settle(network, 20)
    assert network.warehouse("select count(*) from ledger.decision") == [(0,)]
    assert {outcome for _, outcome, _ in network.warehouse(SITES)} == {"ok"}
    assert back_up(network.project, place_of(network), note=None, now=NOW).left_out == []


@pytest.mark.long
def test_o5_without_a_backup_it_goes_on_from_what_is_there(new: New, expected: Contents, tmp_path: Path) -> None:
    """The whole folder was put back as it was before: sites are ahead, and say what to do."""
    network = new("alone")
    lose_server(network)
    restored(network)
    shutil.rmtree(network.project.pulls / "lines")  # as by other means
    settle(network)
    said = [error for _, outcome, error in network.warehouse(SITES) if outcome == "failed"]
    assert said
    assert all(one.startswith("site_is_ahead") and "`supplysync restore-server`" in one for one in said)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a6_a_restoration_that_is_killed_is_done_by_running_it_again(point: str, new: New, expected: Contents) -> None:
    network = new(f"killed_{list(POINTS).index(point)}")
    lose_server(network)
    place = str(place_of(network))
    assert end_of(killed_restoration, str(network.folder), place, point) == -signal.SIGKILL
    restored(network)
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))


@pytest.mark.long
def test_b53_a_site_without_a_line_takes_the_central_that_knows_its_last_number(new: New, expected: Contents) -> None:
    """As a network of before lines has them."""
    network = new("older")
    for site, url in network.urls.items():
        with open_site(url, network.folder) as db:
            db.execute(f"drop table {LINE_TABLE}")
            assert line_met(db) is None, site
    settle(network)
    assert not differences(network, expected), "\n".join(differences(network, expected))
    with open_site(network.urls["south"], network.folder) as db:
        assert line_met(db) is not None
    assert load(network.folder).pulls.joinpath("lines", "00000001.json").exists()
