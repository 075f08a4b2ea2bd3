"""T8: sites that are paused by command are left alone at once, and the report says so and by what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from central.asker import asked_by, now
from central.decisions import after
from central.pauses import with_pauses
from central.project import load
from pipelines.due_sites import due_sites
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.test_plan import rewrite
from warehouse.connection import open_warehouse
from warehouse.ledger import visits

Command = Callable[..., Said]


def due(network: Network) -> list[str]:
    """The sites that the schedule would run tomorrow."""
    project = load(network.folder)
    with open_warehouse(project.warehouse, project.schema) as con:
        tried = visits.last_tries(con)
        return due_sites(with_pauses(con, project).topology, tried, now() + timedelta(days=1))


@pytest.mark.long
def test_t8_a_site_that_is_paused_is_left_alone_until_it_is_resumed(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    said = command("pause", "north", "--reason", "the server is moved", *here)
    assert (said.code, "supplysync resume" in said.err) == (0, True)
    assert due(synced) == ["central", "south"]
    cycles = synced.warehouse("select count(*) from ledger.cycle")
    alone = command("sync", "north", "--json", *here)
    assert (alone.code, alone.document, synced.warehouse("select count(*) from ledger.cycle")) == (
        0, {"cycle": None, "sites": []}, cycles,
    )  # fmt: skip
    assert "note: paused, and left out: north; `supplysync status" in alone.err
    assert alone.err.endswith("nothing was done\n")
    without = command("sync", *here)
    assert (without.code, "note: paused, and left out: north;" in without.err) == (0, True)
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]
    assert synced.warehouse("select status from reports.sync_status where site_code = 'north'") == [("disabled",)]
    told = command("status", *here).err
    assert "north is paused by `supplysync pause north" in told
    assert "(the server is moved, " in told
    assert "; to go on: `supplysync resume north" in told
    assert f"{asked_by()} since {now():%Y-%m-%d}" in told
    command("pause", "north", "--reason", "another one", *here)
    assert [one.kind for one in after(synced.project.pulls, 0)] == ["pause"]  # it was already
    assert command("resume", "north", *here).code == 0
    assert due(synced) == ["central", "north", "south"]
    shown = command("status", *here, "--json").document["sites"]
    assert {row["site_code"]: row["status"] for row in shown}["north"] == "ok"  # before a cycle has acted on it
    cycle(synced)
    assert synced.warehouse("select count(*) from replica.stock_line") == [(1,)]
    assert "`north` is not paused" in command("resume", "north", *here).err


def test_t8_the_whole_system_is_paused(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    assert command("pause", "--all", *here).code == 0
    assert due(synced) == []
    alone = command("sync", *here)
    assert (alone.code, "how to go on; nothing was done\n" in alone.err) == (0, True)
    told = command("status", *here).err
    assert ("note: every site is paused by `supplysync pause --all" in told, told.count("note: ")) == (True, 1)
    assert "; to go on: `supplysync resume --all" in told
    assert "every site is paused: `supplysync resume --all" in command("resume", "north", *here).err
    assert command("resume", "--all", *here).code == 0
    assert due(synced) == ["central", "north", "south"]
    assert "no site is paused by command" in command("resume", "--all", *here).err
    assert command("pause", *here).code == 2


def test_t8_who_resumes_a_site_that_the_file_has_paused_is_told_the_line(synced: Network, command: Command) -> None:
    rewrite(synced, ('code = "north"', 'code = "north"\nenabled = false'))
    said = command("resume", "north", "-C", synced.folder)
    assert (said.code, "`north` is paused in topology.toml: take `enabled = false`" in said.err) == (2, True)
    told = "paused by topology.toml (enabled = false); to go on: take `enabled = false` out of its [[site]]"
    assert told in command("status", "-C", synced.folder).err


@pytest.mark.long
def test_b8_a_lost_warehouse_knows_what_was_paused(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    command("pause", "north", *here)
    cycle(synced)
    synced.project.warehouse.unlink()
    cycle(synced)
    assert synced.warehouse("select site_code from ledger.site where not is_enabled") == [("north",)]
