"""A table of states and commands: each state is made for real, and `check`, `sync`, `status`, Dagster and the pages
agree on the word for it and on the way out (B12, P6)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import duckdb
import pytest

from central.asker import now
from central.cycle.publish import publish_project
from dashboard.app import make_app
from sync_rules.for_people.states import label_of, word_of
from tests.central.small_network import Network, stock_line
from tests.dashboard.client import TestClient
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.next_commands import next_of
from tests.pipelines.test_dagster import last_run, materialise

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
    a monitor fails on; the ``word`` that all say; the ``way_out`` that `check` names, and its page; the command that is
    next after `status` and after `check`."""

    make: Callable[[Network], None]
    reached: str
    outcome: str
    status: str
    holds: str
    word: str
    way_out: str
    page: str
    codes: tuple[int, int]
    following: tuple[str | None, str | None]


STATES = {
    "unreachable": State(
        _away, "unreachable", "unreachable", "unreachable", "unreachable", "no file `north.sqlite`",
        "`supplysync restore north`", "a-site-is-silent", (0, 0), ("check", "runbook a-site-is-silent"),
    ),
    "another database": State(
        _another, "failed", "failed", "error", "failed", "identity refused: this is not the database that site `north`",
        "readmit", "a-site-failed", (1, 1), ("readmit north", "readmit north"),
    ),
    "capture is lacking": State(
        _without_capture, "ok", "failed", "error", "failed", "item", "supplysync capture install north",
        "a-site-failed", (1, 1), ("check", "capture install north"),
    ),
    "no database": State(
        _broken, "failed", "failed", "error", "failed", "not a database",
        "then have it filled: `supplysync restore north`", "a-site-failed", (1, 1), ("check", "runbook a-site-failed"),
    ),
    "a secret is not set": State(
        _unset, "failed", "failed", "error", "failed", "`NORTH_IS_NOT_SET` is not set", "write it in .env",
        "a-site-failed", (1, 1), ("check", "runbook a-site-failed"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.long] * (place > 0)) for place, one in enumerate(STATES)]
)
def test_b12_commands_agree_on_the_state_of_a_site(
    name: str, synced: Network, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    state, here = STATES[name], ("-C", synced.folder)
    state.make(synced)
    checked, said = command("check", "--json", *here), command("check", *here)
    [found] = [one for one in checked.document["sites"] if one["site"] == "north"]
    assert (found["reached"], checked.code) == (state.reached, state.codes[0])
    assert state.word in found["problem"]
    assert state.way_out in found["problem"]
    assert f"what to do: `supplysync runbook {state.page}`" in said.err

    for asked in ((), ("north",)):  # one site alone, or all of them: one result
        done = command("sync", *asked, "--json", *here)
        [visit] = [one for one in done.document["sites"] if one["site_code"] == "north"]
        assert (visit["outcome"], done.code) == (state.outcome, state.codes[1])
        assert state.word in visit["error"]
        assert last_run(synced).tags["outcome"].startswith(state.outcome)

    assert "gating" not in caplog.text  # of steps that are skipped Dagster says that they go on
    shown = command("status", "--fail-on", state.holds, "--failures", 2, "--json", *here)
    [row] = [one for one in shown.document["sites"] if one["site_code"] == "north"]
    assert (row["status"], row["consecutive_failures"], shown.code) == (state.status, 2, 1)
    assert state.word in row["last_error"]
    answers = {one: command(one, *here) for one in ("status", "check")}
    assert_it_is_called(word_of(state.status), answers["status"])
    assert f"north: {word_of(state.outcome)}, 2 tries in a row: " in answers["status"].err
    assert_it_is_called(word_of(state.reached), answers["check"])
    assert_it_is_called(word_of(state.outcome), command("cycles", "show", 3, *here))
    assert_the_pages_agree(synced, answers["status"], state.status, row["last_error"])
    following = {one: [command] if command else [] for one, command in zip(answers, state.following, strict=True)}
    assert {one: next_of(answer) for one, answer in answers.items()} == following
    if name == "capture is lacking":  # mended: the error of the last cycle is not told as what is so now
        assert command("capture", "install", "north", *here).code == 0
        mended = command("status", *here)
        assert (
            "note: north: looked at just now, nothing is wrong that can be seen: `supplysync sync north`" in mended.err
        )
        assert next_of(mended) == ["sync north"]


def assert_it_is_called(word: str, said: Said) -> None:
    """The table has the word in the line of `north`."""
    [line] = [one for one in said.out.splitlines() if one.startswith("north ")]
    assert f" {word} " in f"{line} ", said.out


def assert_the_pages_agree(network: Network, answered: Said, status: str, *said: str) -> None:
    """The page of all sites and the page of `north` say the word of its ``status`` and all that was ``said``; the first
    leads to the runbooks that `status` names, as it ``answered``, and to no other."""
    wanted = set(re.findall(r"what to do: `supplysync runbook ([\w-]+)`", answered.err))
    client = TestClient(make_app(network.project.published), base_url="http://localhost")
    for path in ("/sync", "/sync/north"):
        page = unescape(client.get(path).text)
        assert f'<span class="pill p-{status}">{label_of(status)}</span>' in page, path
        assert [one for one in said if one not in page] == [], path
        if path == "/sync":
            assert set(re.findall(r'href="/runbook/([\w-]+)"', page.partition("<main")[2])) == wanted


@pytest.mark.long
def test_a_paused_site_is_called_so_everywhere(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    _write(synced.folder, 'code = "north"', 'code = "north"\nenabled = false')
    [found] = [one for one in command("check", "--json", *here).document["sites"] if one["site"] == "north"]
    assert (found["reached"], found["problem"]) == ("disabled", None)
    assert_it_is_called("paused", command("check", *here))
    asked = command("sync", "north", *here)
    assert (asked.code, "note: paused, and left out: north;" in asked.err, "nothing was done" in asked.err) == (
        0, True, True,
    )  # fmt: skip
    [line] = [one for one in command("sites", *here).out.splitlines() if " north " in one]
    assert " paused " in line
    assert [one["site_code"] for one in command("sync", "--json", *here).document["sites"]] == ["central", "south"]
    shown = command("status", "--fail-on", "paused", *here)
    assert "note: north is paused by topology.toml (enabled = false)" in shown.err
    assert ("fails on paused: a site is paused" in shown.err, shown.code) == (True, 1)
    assert_it_is_called("paused", shown)
    ran = materialise(synced, "north", "site_changes")
    assert (ran.success, last_run(synced).tags["outcome"]) == (True, "paused")
    assert_the_pages_agree(synced, shown, "disabled")
    assert next_of(shown) == []
    _write(synced.folder, 'code = "north"\nenabled = false', 'code = "north"')
    assert command("pause", "north", "--reason", "no road", *here).code == 0  # and by command: one word, one note
    asked = command("check", *here)
    assert_it_is_called("paused", asked)
    assert "note: north is paused by `supplysync pause north` (no road, " in asked.err
    assert "; to go on: `supplysync resume north`" in asked.err


@pytest.mark.long
def test_b44_what_is_not_applied_is_said_by_all_in_one_sentence(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    _write(synced.folder, 'active_on = "south"', 'active_on = "north"')
    sentence = "topology.toml asks for what is not applied: `supplysync plan` shows it, `supplysync apply` does it"
    for one in ("check", "sync", "status"):
        said = command(one, *here)
        assert (said.code, f"note: {sentence}" in said.err, next_of(said)) == (0, True, ["plan"]), one
    assert_the_pages_agree(synced, said, "ok")


@pytest.mark.long
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


def _reject(network: Network) -> None:
    network.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    cycle(network, is_published=True)


def _hold_a_removal(network: Network) -> None:
    cycle(network)
    _ledger(network, "update ledger.change_set set state = 'held', deletes = 2000 where site_id = 2")
    _publish(network)


def _wait(network: Network) -> None:
    network.people_put("north", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    network.people_put("north", "stock_line", {**stock_line(1, "NTH"), "item_id": "mine"})
    cycle(network, is_published=True)


def _move(network: Network) -> None:
    _write(network.folder, 'active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"')
    _away(network)
    cycle(network, is_published=True)


def _block(network: Network) -> None:
    _ledger(network, "update ledger.site set bookmark = null where site_code = 'central'")
    (network.folder / "central.sqlite").rename(network.folder / "central.away")
    cycle(network, is_published=True)


def _silence(network: Network) -> None:
    _ledger(network, "update ledger.site set last_contact_at = timestamptz '2020-01-01' where site_code = 'north'")
    _publish(network)


def _not_take(network: Network) -> None:
    _ledger(network, "insert into ledger.skipped values (2, 1, 'item', 'amoxicillin', 'refused_by_site', true, 'no')")
    _publish(network)


def _go_on_unpublished(network: Network) -> None:
    _publish(network)
    network.people_run("central", "update item set name = 'Changed' where id = 'amoxicillin'")
    cycle(network)


def _ledger(network: Network, sql: str) -> None:
    with duckdb.connect(str(network.project.warehouse)) as con:
        con.execute(sql)


def _publish(network: Network) -> None:
    publish_project(network.project, now=now(), full=True)


@dataclass(frozen=True)
class NetworkState:
    """How a state of the network is made; the status of `north`, what a monitor fails on, what the pages show of it,
    and the command that is next after `status` and after the one that it names."""

    make: Callable[[Network], None]
    status: str
    holds: list[str]
    on_page: str
    following: tuple[str, str | None]


NETWORK_STATES = {
    "healthy": NetworkState(_publish, "ok", [], "", ("", None)),
    "rejected": NetworkState(_reject, "ok", ["rejected"], "not_primary", ("rejected list", "rejected show 1")),
    "waiting for what was rejected": NetworkState(
        _wait, "ok", ["rejected", "waiting"], "reference_missing", ("rejected list", "rejected show 1")
    ),
    "a removal is held": NetworkState(
        _hold_a_removal, "ok", ["held"], "2,000", ("queue north", 'release north --reason "WHY"')
    ),
    "not taken": NetworkState(
        _not_take, "ok", ["not_taken"], "not there so", ("report not_taken", 'release north --reason "WHY"')
    ),
    "on its way": NetworkState(_move, "unreachable", ["moving"], "", ("moves show 1", "check")),
    "silent": NetworkState(_silence, "overdue", ["overdue"], "", ("check", None)),
    "blocked": NetworkState(
        _block, "blocked", ["never", "blocked"], "waits for the first pull of central", ("check", "sync")
    ),
    "the snapshot is stale": NetworkState(_go_on_unpublished, "ok", ["stale"], "", ("warehouse publish", None)),
    "the warehouse is lost": NetworkState(
        lambda network: network.project.warehouse.unlink(), "never", ["never"], "", ("sync", None)
    ),
}

OFTEN = ("waiting for what was rejected", "silent")
"""What `make test` tries of these: a state of changes, and one of sites."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.long] * (one not in OFTEN)) for one in NETWORK_STATES]
)
def test_commands_and_pages_agree_on_the_state_of_the_network(name: str, synced: Network, command: Command) -> None:
    state, here = NETWORK_STATES[name], ("-C", synced.folder)
    state.make(synced)
    found = command("status", "--json", *here).document
    [row] = [one for one in found["sites"] if one["site_code"] == "north"]
    assert (row["status"], found["holds"]) == (state.status, state.holds)
    first, second = state.following
    said = command("status", *here)
    assert_it_is_called(word_of(state.status), said)
    assert next_of(said) == ([first] if first else [])
    if first and first != "sync":
        assert next_of(command(*shlex.split(first), *here)) == ([second] if second else [])
    if name not in ("the warehouse is lost", "the snapshot is stale"):
        assert_the_pages_agree(synced, said, state.status)
        client = TestClient(make_app(synced.project.published), base_url="http://localhost")
        assert state.on_page in unescape(client.get("/sync/north").text)
        assert ('data-count="blocked"' in client.get("/").text) == (state.status == "blocked")


def test_a1_a_waiting_change_leads_to_what_it_waits_for_and_can_be_discarded(synced: Network, command: Command) -> None:
    _wait(synced)
    shown = command("rejected", "show", 2, "-C", synced.folder)
    assert "item mine (held back itself: 1)" in shown.out
    assert next_of(shown) == ["rejected show 1", 'rejected discard 2 --reason "WHY"']
