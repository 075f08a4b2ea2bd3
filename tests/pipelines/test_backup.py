"""The commands that keep central itself: backup, restore-server, replay, and what check says of them (O5, W5)."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sites.capture.line import line_met
from sites.engines.connection import open_site
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.next_commands import next_of

Command = Callable[..., Said]


def test_o5_central_is_backed_up_lost_and_made_again(
    network: Network, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, place = ("-C", network.folder), tmp_path / "backups"
    cycle(network)
    assert "no backup of central was made yet" in command("check", *here, "--json").document["backup"]
    assert command("backup", place, "--note", "now", *here).code == 0
    [listed] = command("backup", "list", *here, "--json").document
    assert (listed["number"], listed["last_cycle"], listed["note"], listed["is_there"]) == (1, 1, "now", True)
    assert "the last backup of central is less than an hour old" in command("check", *here, "--json").document["backup"]
    network.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycle(network)
    shutil.rmtree(network.folder / "data")
    shown = command("restore-server", place, *here, "--json")
    assert (shown.code, shown.document["last_cycle"], (network.folder / "data").exists()) == (0, 1, False)
    assert command("restore-server", place, *here, "--yes").code == 0
    said = command("sync", *here, "--json")
    assert (said.code, {one["outcome"] for one in said.document["sites"]}) == (0, {"ok"})
    assert network.rows("south", "stock_line", "id") == [("stock-NTH-1",)]
    assert [one["number"] for one in command("backup", "list", *here, "--json").document] == [1]
    assert command("backup", place, *here, "--json").document["number"] == 2  # in the folder of its own line
    assert command("replay", *here).code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    asked = command("backup", "forget", place, *here)
    assert (asked.code, "no other backups are on it" in asked.err) == (2, True)  # nobody answered
    assert command("backup", "forget", place, "--yes", *here).code == 0
    assert command("backup", "forget", place, "--yes", *here).code == 3


@pytest.mark.long
def test_b53_a_monitor_hears_of_a_server_that_no_site_is_to_hear_of_again(
    synced: Network, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No site failed there: the cycle did not come to its end."""
    here, place = ("-C", synced.folder), tmp_path / "backups"
    assert command("backup", place, *here).code == 0
    cycle(synced)  # what came after the backup is lost
    new = tmp_path / "new"
    assert command("restore-server", place, "--to", new, "--yes").code == 0
    file = new / "topology.toml"
    file.write_text(file.read_text("utf-8").replace("sqlite:///", f"sqlite:///{synced.folder}/"), encoding="utf-8")
    assert command("apply", "--yes", "-C", new).code in (0, 4)
    assert command("status", "--fail-on", "failed", *here).code == 0
    assert command("sync", "-C", new).code == 0
    refused = command("sync", *here)
    assert (refused.code, "stop its schedule, and go on with the other" in refused.err) == (3, True)
    assert (next_of(refused), next_of(command("check", *here))) == ([], [])
    said = command("status", "--fail-on", "failed", "--json", *here)
    assert (said.code, "central_superseded" in said.document["cycle_trouble"]) == (1, True)
    assert_what_follows_is_counted_before_it_is_asked(synced, command, monkeypatch)


def assert_what_follows_is_counted_before_it_is_asked(
    network: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B51, of `--supersede`: which sites come from the server that is lost, and with how much."""
    here = ("-C", network.folder)
    with open_site(network.urls["north"], network.folder) as db:
        met = line_met(db)
    assert met is not None
    network.people_put("north", "stock_line", stock_line(5, "NTH"), stock_line(6, "NTH"))
    (network.folder / "central.sqlite").rename(network.folder / "central.away")
    shown = command("restore-server", "--supersede", met.id, "--json", *here).document["sites"]
    assert [(one["site"], one["comes"], one["records"], bool(one["problem"])) for one in shown] == [
        ("central", False, None, True), ("north", True, 2, False), ("south", True, 0, False),
    ]  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    asked = command("restore-server", "--supersede", met.id, "--supersede", "another", *here)
    assert (asked.code, "Sites, and the server that each goes on with" in asked.out) == (2, True)
    assert "note: no site that was reached goes on with `another`" in asked.err


@pytest.mark.long
def test_o5_into_an_empty_folder_and_only_files(synced: Network, command: Command, tmp_path: Path) -> None:
    here, place, new = ("-C", synced.folder), tmp_path / "backups", tmp_path / "new"
    assert command("backup", place, *here).code == 0
    victim = next((synced.project.pulls / "north").glob("e1-*")) / "manifest.json"
    victim.unlink()
    said = command("restore-server", place, "--files-only", "--yes", *here)
    assert (said.code, str(victim.parent) in said.out, victim.exists()) == (0, True, True)
    assert "nothing is gone" in command("restore-server", place, "--files-only", *here).err
    assert command("restore-server", place, "--to", new, "--yes").code == 0
    assert command("status", "-C", new, "--json").code == 0
    assert command("restore-server", *here, "--as-of", "1").code == 2
    assert command("restore-server", tmp_path / "nothing", *here).code == 2


@pytest.mark.long
def test_w5_a_warehouse_that_differs_from_what_is_kept_is_told(synced: Network, command: Command) -> None:
    synced.warehouse("delete from replica.item where id = 'paracetamol'")
    said = command("replay", "-C", synced.folder, "--json")
    assert said.code == 1
    assert "replica.item" in said.document["differing"]
    assert command("replay", "--until", "9", "-C", synced.folder).code == 2
