"""B51, B55: `prune` shows what goes and what holds the rest back; runs of Dagster's history go by their age."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.runs.old_runs import forget_runs, old_runs
from central.asker import now
from central.cycle.run import run_cycle
from pipelines.run_history import dagster_home
from sync_rules.topology.topology import Retention
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


def retention(network: Network, text: str) -> None:
    with (network.folder / "topology.toml").open("a") as file:
        file.write(f"\n[retention]\n{text}\n")


def by_kind(said: Said) -> Mapping[str, dict[str, Any]]:
    return {line["what"]: line for line in said.document["removed"]}


@pytest.mark.long
def test_b51_prune_shows_what_goes_and_what_holds_the_rest_back_then_does_it(
    network: Network, command: Command, tmp_path: Path
) -> None:
    here = ("-C", network.folder)
    run_cycle(network.project, now=now() - timedelta(days=6))
    for days in (5, 4, 3, 2):
        network.people_put("north", "stock_line", stock_line(days, "NTH"))
        run_cycle(network.project, now=now() - timedelta(days=days))
    assert "nothing is to go" in command("prune", *here).err
    retention(network, "pulls_days = 1\nsite_log_days = 1\nsite_answers_days = 1")
    shown = by_kind(command("prune", *here, "--json"))
    assert "`supplysync backup DIR`" in shown["landed pulls"]["held_by"]
    assert (shown["landed pulls"]["count"], shown["log and answers at north"]["count"]) == (0, 3)
    assert command("backup", tmp_path / "backups", *here).code == 0
    shown = by_kind(command("prune", *here, "--json"))
    assert shown["landed pulls"]["count"] == 5 * 3
    assert shown["landed pulls"]["bytes"] > 0
    assert command("prune", *here, "--yes").code == 0
    assert (command("check", "--files", "--json", *here).document["notes"]) == []
    assert "nothing is gone" in command("restore-server", tmp_path / "backups", "--files-only", *here).err
    assert not list(network.project.pulls.glob("north/e*"))
    assert "nothing is to go" in command("prune", *here).err
    network.people_put("north", "stock_line", stock_line(1, "NTH"))
    assert command("sync", *here).code == 0
    [north] = [one for one in command("check", *here, "--json").document["sites"] if one["site"] == "north"]
    assert north["restorable_since"] >= f"{now() - timedelta(days=1):%Y-%m-%d}"  # what is older would be compared whole
    assert command("replay", "--from", tmp_path / "backups", *here).code == 0


def test_b55_a_mistake_names_file_key_and_what_is_allowed(synced: Network, command: Command) -> None:
    retention(synced, "pulls_days = 0")
    said = command("prune", "-C", synced.folder)
    assert said.code == 2
    assert "topology.toml, line 35, retention.pulls_days: `0` is not a number of days; write 1 to 36500" in said.err


@pytest.mark.long
def test_b55_runs_go_by_their_age_with_their_files(
    synced: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, home = ("-C", synced.folder), dagster_home(synced.folder)
    assert command("sync", *here).code == 0
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    assert command("sync", *here).code == 0
    (synced.folder / "north.sqlite").write_bytes(b"no database")
    assert command("sync", *here).code == 1
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        failed, busy, idle = (one.run_id for one in instance.get_runs())
        kept = Retention()
        assert old_runs(instance, kept, now()) == []
        for days, expected in ((3, {idle}), (31, {idle, busy}), (91, {idle, busy, failed})):
            assert {*old_runs(instance, kept, now() + timedelta(days=days))} == expected
        orphan = home / "history" / "runs" / "11111111-2222-3333-4444-555555555555.db"
        orphan.touch()  # of a prune that was killed
        forget_runs(instance, [idle, busy], home)
        assert not orphan.exists()
        assert [one.run_id for one in instance.get_runs()] == [failed]
        checks = instance.event_log_storage.index_connection  # type: ignore[attr-defined]
        with checks() as con:
            [(left,)] = con.exec_driver_sql(
                "select count(*) from asset_check_executions where run_id <> ?", (failed,)
            ).fetchall()
        assert left == 0
    left_over = [file for root, _, files in os.walk(home) for file in files if idle in file or busy in file]
    assert left_over == []
