"""A table of states and commands: each state is made for real, and `check`, `sync`, `status` and Dagster agree on the
word for it and on the way out (B12, P6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.central.small_network import Network
from tests.pipelines.conftest import Said
from tests.pipelines.test_dagster import last_run

Command = Callable[..., Said]


def _away(network: Network) -> None:
    (network.folder / "north.sqlite").rename(network.folder / "north.away")


def _another(network: Network) -> None:
    network.people_run("north", "update supplysync_identity set database_uuid = 'another'")


def _without_capture(network: Network) -> None:
    network.people_run("north", "drop trigger supplysync_item_insert")


def _broken(network: Network) -> None:
    (network.folder / "north.sqlite").write_bytes(b"this is no database, and never was one")


def _without_a_table(network: Network) -> None:
    network.people_run("north", "alter table stock_line rename to elsewhere")


def _unset(network: Network) -> None:
    _write(network.folder, "sqlite:///north.sqlite", "postgresql://u:${NORTH_IS_NOT_SET}@h/d")


def _write(folder: Path, before: str, after: str) -> None:
    file = folder / "topology.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


@dataclass(frozen=True)
class State:
    """How a state is made; what each command calls it: ``reached`` by `check`, ``outcome`` by `sync`, ``status``, what
    a monitor fails on; the ``word`` that all say; the ``way_out`` that `check` names, and its page."""

    make: Callable[[Network], None]
    reached: str
    outcome: str
    status: str
    holds: str
    word: str
    way_out: str
    page: str
    codes: tuple[int, int]


STATES = {
    "unreachable": State(
        _away, "unreachable", "unreachable", "ok", "unreachable", "no file `north.sqlite`",
        "`supplysync restore north`", "a-site-is-silent", (0, 0),
    ),
    "another database": State(
        _another, "failed", "failed", "error", "error", "identity refused: this is not the database that site `north`",
        "readmit", "a-site-failed", (1, 1),
    ),
    "capture is lacking": State(
        _without_capture, "ok", "failed", "error", "error", "item", "supplysync capture install north", "a-site-failed",
        (1, 1),
    ),
    "no database": State(
        _broken, "failed", "failed", "error", "error", "not a database", "", "a-site-failed", (1, 1),
    ),
    "a secret is not set": State(
        _unset, "failed", "failed", "error", "error", "`NORTH_IS_NOT_SET` is not set", "write it in .env",
        "a-site-failed", (1, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_b12_commands_agree_on_the_state_of_a_site(name: str, synced: Network, command: Command) -> None:
    state, here = STATES[name], ("-C", synced.folder)
    state.make(synced)
    checked, said = command("check", "--json", *here), command("check", *here)
    [found] = [one for one in checked.document["sites"] if one["site"] == "north"]
    assert (found["reached"], checked.code) == (state.reached, state.codes[0])
    assert state.word in found["problem"]
    assert state.way_out in found["problem"]
    assert f"what to do: docs/runbooks/{state.page}.md" in said.err

    for asked in ((), ("north",)):  # one site alone, or all of them: one result
        done = command("sync", *asked, "--json", *here)
        [visit] = [one for one in done.document["sites"] if one["site_code"] == "north"]
        assert (visit["outcome"], done.code) == (state.outcome, state.codes[1])
        assert state.word in visit["error"]
        assert last_run(synced).tags["outcome"].startswith(state.outcome)

    shown = command("status", "--fail-on", state.holds, "--failures", 2, "--json", *here)
    [row] = [one for one in shown.document["sites"] if one["site_code"] == "north"]
    assert (row["status"], row["consecutive_failures"], shown.code) == (state.status, 2, 1)
    assert state.word in row["last_error"]


def test_a_paused_site_is_called_so_everywhere(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    _write(synced.folder, 'code = "north"', 'code = "north"\nenabled = false')
    [found] = [one for one in command("check", "--json", *here).document["sites"] if one["site"] == "north"]
    assert (found["reached"], found["problem"]) == ("disabled", None)
    asked = command("sync", "north", *here)
    assert (asked.code, "paused: `north`; nothing was done" in asked.err) == (2, True)
    assert [one["site_code"] for one in command("sync", "--json", *here).document["sites"]] == ["central", "south"]
    shown = command("status", *here)
    assert "note: north is paused by topology.toml (enabled = false)" in shown.err


def test_b44_what_is_not_applied_is_said_by_all_in_one_sentence(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    _write(synced.folder, 'active_on = "south"', 'active_on = "north"')
    sentence = "topology.toml asks for what is not applied: `supplysync plan` shows it, `supplysync apply` does it"
    for one in ("check", "sync", "status"):
        said = command(one, *here)
        assert (said.code, f"note: {sentence}" in said.err) == (0, True), one


def test_a_table_that_is_gone_fails_one_visit_in_the_words_of_check(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    _without_a_table(synced)
    words = "table `stock_line` is not there any more; said once: if that was not meant, put it back"
    checked = command("check", "--json", *here)
    assert (checked.code, [words in str(one["problem"]) for one in checked.document["sites"]]) == (
        1,
        [False, True, False],
    )
    first, second = command("sync", "--json", *here), command("sync", "--json", *here)
    assert (first.code, second.code) == (1, 0)
    assert next(one["error"] for one in first.document["sites"] if one["site_code"] == "north").startswith(words)
