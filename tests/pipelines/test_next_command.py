"""Every command ends with the one that is next, in every state; with nothing where nothing is to be done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from central.moves.explanation import MoveExplanation
from central.visits.damage import emptied
from pipelines.cli.next_command.network_state import NetworkState
from pipelines.cli.next_command.ways_out import next_command, ways_out
from sync_rules.words import MoveState
from tests.central.small_network import Network
from tests.pipelines.conftest import Said
from tests.pipelines.next_commands import next_of, parse

Command = Callable[..., Said]

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WELL: Mapping[str, Any] = {
    "status": "ok", "last_error": None, "held_removals": None, "held_changes": None, "not_taken": 0,
}  # fmt: skip


def site(code: str, **otherwise: object) -> dict[str, Any]:
    return {"site_code": code, **WELL, **otherwise}


def looked_at(code: str, problem: str | None) -> dict[str, Any]:
    return {"site": code, "problem": problem, "reached": "failed" if problem else "ok"}


def move(**otherwise: Any) -> MoveExplanation:
    made = MoveExplanation(
        number=4, store="NTH", before="north", after="south", state=MoveState.WANTED, since=AT, is_forced=False,
        asked_by="ana", waits_for=None, kept_by=[], steps=[],
    )  # fmt: skip
    return replace(made, **otherwise)


HEALTHY = NetworkState(7, "central", sites=(site("central"), site("north")))
NEW = NetworkState(0, "central")
NO_FILE = (
    "no file `x.sqlite`; make it there: supplysync schema create {0}; or pack it: supplysync site package {0} -o FILE"
)
UNCAPTURED = "there is no change log; run: supplysync capture install north"
CASES: list[tuple[str, NetworkState, dict[str, str | None]]] = [
    ("healthy", HEALTHY, {"status": None, "sync": None, "check": None, "backup": None, "report stock_on_hand": None}),
    ("the databases lack", replace(NEW, found=[looked_at(code, NO_FILE.format(code)) for code in ("central", "north")]),
     {"check": "schema create central north", "status": "schema create central north"}),
    ("without capture", replace(NEW, found=[looked_at("central", None), looked_at("north", UNCAPTURED)]),
     {"check": "capture install north", "schema create": "capture install north", "sites": "capture install north"}),
    ("without capture, and the other waits",
     replace(HEALTHY, sites=(site("central", status="error", last_error=UNCAPTURED), site("north", status="blocked")),
             found=[looked_at("central", UNCAPTURED.replace("north", "central")), looked_at("north", None)]),
     {"check": "capture install central"}),
    ("a secret lacks", replace(NEW, found=[looked_at("north", "`X` is not set")]), {"status": "check", "check": None}),
    ("never synced", replace(NEW, found=[looked_at("north", None)]), {"check": "sync", "capture install": "sync"}),
    ("the warehouse lacks cycles", replace(HEALTHY, is_behind=True), {"status": "sync", "check": "sync"}),
    ("the files of cycles are lost", replace(HEALTHY, is_lost=True), {"status": "check", "check": None}),
    ("a site failed", replace(HEALTHY, sites=(site("north", status="error", last_error="not a database"),)),
     {"status": "check", "sync": "check", "check": "runbook a-site-failed"}),
    ("it failed just now", replace(HEALTHY, found=[looked_at("north", "not a database")]),
     {"check": "runbook a-site-failed"}),
    ("it was emptied", replace(HEALTHY, found=[looked_at("north", emptied("north"))]),
     {"check": "restore north", "restore": "sync north"}),
    ("it does not answer", replace(HEALTHY, sites=(site("north", status="unreachable"),)),
     {"sync": "check", "status": "check", "check": "runbook a-site-is-silent"}),
    ("it lacks capture", replace(HEALTHY, sites=(site("north", status="error", last_error=UNCAPTURED),)),
     {"status": "capture install north", "capture install": "sync north", "sync": "capture install north"}),
    ("it was mended", replace(HEALTHY, sites=(site("north", status="error", last_error=UNCAPTURED),),
     found=[looked_at("north", None)]), {"check": "sync north"}),
    ("decided", replace(HEALTHY, to_act_on=("north",), rejected=12), {"release": "sync north", "sync": "sync north"}),
    ("decided of all", replace(HEALTHY, to_act_on=("*",)), {"resume": "sync"}),
    ("not applied", replace(HEALTHY, is_unapplied=True), {"status": "plan", "plan": "apply", "sync": "plan"}),
    ("mistaken", replace(HEALTHY, is_unapplied=True, is_mistaken=True), {"status": "check", "sync": "check"}),
    ("a removal is held", replace(HEALTHY, sites=(site("north", held_removals=2000),)),
     {"status": "queue north", "queue": 'release north --reason "WHY"'}),
    ("changes are held", replace(HEALTHY, sites=(site("north", held_changes=2000),)), {"check": "queue north"}),
    ("rejected", replace(HEALTHY, rejected=12), {"sync": "rejected list", "rejected list": "rejected show 12"}),
    ("a move goes on", replace(HEALTHY, moves=[move()]), dict.fromkeys(("status", "moves list", "sync"), "sync")),
    ("a move waits for a site that is away",
     replace(HEALTHY, sites=(site("north", status="unreachable"),), moves=[move()]),
     {"status": "moves show 4", "moves show": "check", "sync": "moves show 4"}),
    ("a move waits for a site that is paused",
     replace(HEALTHY, sites=(site("north", status="disabled"),), moves=[move()]),
     {"moves list": "resume north", "resume": "sync"}),
    ("a move is kept", replace(HEALTHY, moves=[move(kept_by=[{}])]), {"moves show": 'moves go-on 4 --reason "WHY"'}),
    ("waiting", replace(HEALTHY, waiting=3), {"sync": "rejected list --waiting", "rejected list": "rejected show 3"}),
    ("not taken", replace(HEALTHY, sites=(site("north", not_taken=5),)),
     {"status": "report not_taken", "report not_taken": 'release north --reason "WHY"'}),
    ("silent", replace(HEALTHY, sites=(site("north", status="overdue"),)), {"status": "check", "check": None}),
    ("blocked by a pause",
     replace(HEALTHY, sites=(site("central", status="disabled"), site("north", status="blocked"))),
     {"sync": "resume central"}),
    ("blocked by a pause in the file",
     replace(HEALTHY, sites=(site("central", status="disabled"), site("north", status="blocked")),
             paused_by_file=("central",)), {"sync": "check", "check": None}),
    ("blocked", replace(HEALTHY, sites=(site("central", status="never"), site("north", status="blocked"))),
     {"sync": "check", "check": "sync"}),
    ("paused", replace(HEALTHY, sites=(site("central"), site("north", status="disabled"))), {"status": None}),
    ("superseded", replace(HEALTHY, is_stale=True, found=[looked_at("north", "central_superseded (line x): it is")]),
     {"check": None}),
    ("stale", replace(HEALTHY, is_stale=True), {"status": "warehouse publish", "warehouse publish": None}),
]  # fmt: skip


@pytest.mark.parametrize(("state", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_state_names_the_command_that_is_next(state: NetworkState, after: dict[str, str | None]) -> None:
    assert {ran: next_command(state, ran) for ran in after} == after
    for way in ways_out(state):
        for command in way:
            parse(shlex.split(command))


def test_a_command_that_asks_for_figures_says_only_what_follows_from_it() -> None:
    waits = replace(HEALTHY, rejected=12, sites=(site("north", not_taken=5),))
    assert next_command(waits, "report stock_on_hand", is_only_after=True) is None
    assert next_command(waits, "report not_taken", is_only_after=True) == 'release north --reason "WHY"'


def test_from_an_empty_folder_each_command_names_the_next(tmp_path: Path, command: Command) -> None:
    folder = tmp_path / "a network"
    for one in ("check", "status", "sync", "plan"):
        said = command(one, "-C", folder)
        [named] = re.findall(r"make a project with `supplysync (init [^`]+)`", said.err)
        assert (said.code, next_of(said)) == (2, [])
        parse(shlex.split(named))
    words = shlex.split(f"init '{folder}' --site clinic --store CMS=central --store COAST=clinic")
    ran = []
    while words:
        said = command(*words)
        assert said.code in (0, 1), said.err
        ran.append(words[0])
        words = shlex.split(next_of(said)[0]) if next_of(said) else []
        words += ["-C", str(folder)] if words else []
    assert ran == ["init", "check", "schema", "capture", "sync"]
    assert next_of(command("status", "-C", folder)) == []
    assert "note: no cycle has run yet" not in command("status", "-C", folder).err


def test_it_names_the_folder_as_it_was_named(network: Network, command: Command, monkeypatch: Any) -> None:
    last = {how: command(*how).raw.splitlines()[-1] for how in (("status", "-C", network.folder),
                                                                ("-C", network.folder, "status"))}  # fmt: skip
    assert set(last.values()) == {f"next: supplysync sync -C {network.folder}"}
    monkeypatch.chdir(network.folder)
    assert command("status").err.splitlines()[-2:] == ["note: no cycle has run yet", "next: supplysync sync"]
    for off in (("--quiet", "status"), ("status", "--json")):
        assert "next:" not in command(*off).err
    assert '"text": "next: supplysync sync"' in command("status", "--log-format", "json").err
