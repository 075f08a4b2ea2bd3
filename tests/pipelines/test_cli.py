"""The commands: what they print, what they exit with, what they say when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from sqlalchemy.engine import make_url

from pipelines.cli.main import supplysync
from sites.capture import identity
from sites.engines.connection import open_site
from sync_rules.for_people.data_types import data_types_page
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from warehouse.connection import open_warehouse

ROOT = Path(__file__).parents[2]
Command = Callable[..., Said]


def leaves(command: click.Command) -> list[click.Command]:
    """The commands that do something, of a command or group."""
    if not isinstance(command, click.Group):
        return [command]
    context = click.Context(command)
    found = [command.get_command(context, name) for name in command.list_commands(context)]
    return [leaf for one in found if one is not None for leaf in leaves(one)]


def test_every_command_shows_an_example() -> None:
    for leaf in leaves(supplysync):
        assert "Example:" in (leaf.help or ""), leaf.name


def test_no_command_takes_an_option_twice_and_drops_the_first() -> None:
    for leaf in leaves(supplysync):
        for param in leaf.params:
            if isinstance(param, click.Option) and not (param.multiple or param.is_flag):
                name = param.opts[0]
                with pytest.raises(click.UsageError, match="given more than once"):
                    leaf.make_context(str(leaf.name), [name, "1", f"{name}=2" if len(name) > 2 else f"{name}2"])


def test_each_command_is_in_a_file_of_its_name() -> None:
    """README names them all; main.py names none."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([\w-]+)` \|", page[page.index("## Commands") :], re.MULTILINE)
    context = click.Context(supplysync)
    assert sorted(named) == supplysync.list_commands(context)
    assert [name for name in named if getattr(supplysync.get_command(context, name), "name", None) != name] == []


@pytest.mark.parametrize(("typed", "meant"), [("reprot", "report"), ("explane", "explain"), ("sycn", "sync")])
def test_a_mistyped_command_is_told_what_is_like_it(command: Command, typed: str, meant: str) -> None:
    said = command(typed)
    assert said.code == 2
    assert re.search(f"Did you mean (one of: )?'{meant}'", said.err)


def test_init_makes_a_project_that_check_reads(tmp_path: Path, command: Command) -> None:
    assert command("init", tmp_path / "new").code == 0
    assert "supplysync schema create central" in command("check", "-C", tmp_path / "new").out
    assert command("schema", "create", "central", "clinic", "-C", tmp_path / "new").code == 0
    again = command("schema", "create", "clinic", "-C", tmp_path / "new")
    assert (again.code, "`clinic` has 121 of these tables already" in again.err) == (1, True)
    checked = command("check", "-C", tmp_path / "new", "--json")
    assert checked.code == 1
    assert "supplysync capture install central" in checked.document["sites"][0]["problem"]
    assert command("capture", "install", "-C", tmp_path / "new").code == 0
    assert command("capture", "status", "-C", tmp_path / "new").code == 0
    assert command("check", "-C", tmp_path / "new").code == 0
    assert command("sync", "-C", tmp_path / "new").code == 0
    assert command("init", tmp_path / "new").code == 2


def test_status_and_reports_after_a_cycle(synced: Network, command: Command) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    cycle(synced)
    sites = command("status", "-C", synced.folder, "--json").document["sites"]
    assert [(site["site_code"], site["status"], site["store_codes"]) for site in sites] == [
        ("central", "ok", "CMS"),
        ("north", "ok", "NTH"),
        ("south", "ok", "STH"),
    ]
    table = command("report", "stock_on_hand", "--store", "NTH", "--format", "csv", "-C", synced.folder).out
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["item_code"], float(row["soh_units"])) for row in rows] == [("AMOX", 1000.0), ("PARA", 1000.0)]
    shown = command("report", "stock_on_hand", "--item", "AMOX", "--json", "-C", synced.folder).document
    assert [row["store_code"] for row in shown["rows"]] == ["NTH"]
    counted = command("warehouse", "sql", "select count(*) as n from replica.stock_line", "--json", "-C", synced.folder)
    assert counted.document == {"rows": [{"n": 2}]}


@pytest.mark.long
def test_m6_the_queue_counts_what_waits_both_ways(synced: Network, command: Command) -> None:
    """What never leaves its site waits for nothing (P3), nor what came and went."""
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"), stock_line(3, "NTH"))
    synced.people_put("north", "reminder", {"id": "local"})
    synced.people_run("north", f"delete from stock_line where id = '{stock_line(3, 'NTH')['id']}'")
    synced.people_run("central", "update item set name = 'Changed'")
    cycle(synced, "central")
    queues = command("queue", "north", "-C", synced.folder, "--json").document["queues"]
    assert queues == [
        {"site": "north", "table": "item", "in": 0, "out": 2},
        {"site": "north", "table": "stock_line", "in": 2, "out": 0},
    ]
    synced.people_put("south", "stock_line", stock_line(4, "STH"))
    topology = synced.folder / "topology.toml"
    text = topology.read_text(encoding="utf-8").replace(
        'code = "STH"\n', 'code = "STH"\ncentral_instance = "transfer"\n'
    )
    topology.write_text(text, encoding="utf-8")
    assert command("apply", "--yes", "-C", synced.folder).code == 0
    queues = command("queue", "south", "-C", synced.folder, "--json").document["queues"]
    assert {one["table"]: one["in"] for one in queues if one["in"]} == {}  # its store's data stays
    cycle(synced)
    synced.people_run("south", "update stock_line set total_packs = 7 where store_id = 'STH'")
    queues = command("queue", "south", "-C", synced.folder, "--json").document["queues"]
    assert [one for one in queues if one["in"]] == []  # nor is an edit of what stays
    cycle(synced)
    last = "select pulled, admitted from ledger.visit where site_id = 3 order by cycle desc limit 1"
    assert synced.warehouse(last) == [(0, 0)]


@pytest.mark.long
def test_b31_a_mass_removal_is_held_until_somebody_releases_it(synced: Network, command: Command) -> None:
    """M8: more than 1 000 rows and more than a tenth of a table."""
    synced.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(1001)))
    cycle(synced)
    assert command("release", "south", "--reason", "none held", "-C", synced.folder).code == 2
    synced.people_run("central", "delete from name_store_join where id = 'STH-sees-NTH'")
    for _ in range(2):
        cycle(synced)
        assert len(synced.rows("south", "stock_line", "id")) == 1001
    assert len(list((synced.folder / "data" / "change_sets" / "south").iterdir())) == 3
    held = {row["site_code"]: row["held_removals"] for row in status(synced, command)}
    assert held["south"] > 1001
    assert held["north"] is None
    assert command("release", "south", "--reason", "south no longer sees north", "-C", synced.folder).code == 0
    cycle(synced)
    assert synced.rows("south", "stock_line", "id") == []
    assert synced.warehouse("select kind, site_code, reason from ledger.decision") == [
        ("release", "south", "south no longer sees north")
    ]


def status(network: Network, command: Command) -> list[dict[str, Any]]:
    sites: list[dict[str, Any]] = command("status", "-C", network.folder, "--json").document["sites"]
    return sites


def test_a2_a_rejected_change_is_listed_and_shown_whole(synced: Network, command: Command) -> None:
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    cycle(synced)
    [entry] = command("rejected", "list", "-C", synced.folder, "--json").document["rejected"]
    assert (entry["site_code"], entry["table_name"], entry["reason"]) == ("north", "item", "not_primary")
    shown = command("rejected", "show", entry["id"], "-C", synced.folder, "--json").document
    assert shown["rule"] == "R1"
    assert shown["versions"]["site"]["name"] == "Mine"
    assert shown["versions"]["central"]["name"] == "Amoxicillin 250mg"
    assert shown["may_edit"] == ["central"]
    said = command("rejected", "show", entry["id"], "-C", synced.folder).out
    assert "Mine" in said
    assert "may edit     central, as things are now" in said
    assert command("rejected", "show", 999, "-C", synced.folder).code == 2


@pytest.mark.long
def test_status_can_fail_on_a_condition(synced: Network, command: Command) -> None:
    assert command("status", "--fail-on", "failed", "-C", synced.folder).code == 0
    (synced.folder / "north.sqlite").write_bytes(b"this is not a database, and never was one")
    assert command("sync", "-C", synced.folder).code == 1
    assert command("status", "--fail-on", "failed", "-C", synced.folder).code == 1
    assert command("status", "--fail-on", "error", "-C", synced.folder).code == 1  # as the report's code is


def test_status_fails_on_what_a_monitor_asks_for_and_says_what_it_is(synced: Network, command: Command) -> None:
    """Each state is one that `--json` says holds, whether it is asked for or not."""
    here = ("-C", synced.folder)
    cycle(synced, is_published=True)
    assert command("status", "--json", *here).document["holds"] == []
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    synced.people_put("south", "stock_line", {"id": "sl", "store_id": "STH", "item_id": "amoxicillin"})
    synced.people_put("south", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    synced.people_put("south", "stock_line", {"id": "own", "store_id": "STH", "item_id": "mine"})
    cycle(synced)
    assert command("status", "--json", *here).document["holds"] == ["rejected", "waiting", "stale"]
    said = command("status", "--fail-on", "failed", "--fail-on", "waiting", *here)
    assert (said.code, "fails on waiting: changes wait for what they depend on" in said.err) == (1, True)
    assert command("status", "--fail-on", "failed", "--fail-on", "unreachable", *here).code == 0
    (synced.folder / "north.sqlite").unlink()
    for _ in range(2):
        cycle(synced)
    assert command("status", "--fail-on", "unreachable", *here).code == 0
    assert command("status", "--fail-on", "unreachable", "--failures", "2", *here).code == 1


def test_s3_a_wrong_topology_says_key_line_and_what_is_allowed(network: Network, command: Command) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace('active_on = "north"', 'active_on = "nroth"'))
    said = command("sync", "-C", network.folder)
    assert said.code == 2
    line = file.read_text().splitlines().index('active_on = "nroth"') + 1
    told = f'line {line}, store "NTH", active_on: `nroth` is not the code of a site; did you mean `north`?'
    assert told in said.err
    file.write_text("\ufeff" + file.read_text().replace("nroth", "north"), encoding="utf-8")  # as some editors do
    assert command("check", "-C", network.folder).code == 0


def test_moments_are_those_of_the_network_and_its_zone_is_named(synced: Network, command: Command) -> None:
    """JSON has them in ISO, with their offset."""
    file, here = synced.folder / "topology.toml", ("-C", synced.folder)
    text = file.read_text(encoding="utf-8").replace("[network]", '[network]\ntime_zone = "Pacific/Auckland"', 1)
    file.write_text(text, encoding="utf-8")
    row = command("status", "--json", *here).document["sites"][0]
    there = datetime.fromisoformat(row["last_contact_at"]).astimezone(ZoneInfo("Pacific/Auckland"))
    shown = command("status", *here).out
    assert shown.startswith("Sync report; times in Pacific/Auckland")
    assert f"{there:%Y-%m-%d %H:%M}" in shown


def test_b44_sync_goes_by_what_is_applied_and_says_where_the_file_differs(synced: Network, command: Command) -> None:
    file = synced.folder / "topology.toml"
    file.write_text(file.read_text().replace('active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"'))
    said = command("sync", "-C", synced.folder)
    assert (said.code, "topology.toml asks for what is not applied" in said.err) == (0, True)
    status = command("status", "--json", "--fail-on", "unapplied", "-C", synced.folder)
    assert (status.code, "`supplysync apply` does it" in status.document["topology"]) == (1, True)
    assert synced.rows("south", "store_site", "sync_type", "store_id = 'NTH'") == [("collector",)]
    file.write_text("not TOML", encoding="utf-8")
    said = command("sync", "-C", synced.folder)
    assert (said.code, "cannot be used, and what was applied last stays in force" in said.err) == (0, True)
    assert command("check", "-C", synced.folder).code == 2


def test_s2_a_secret_that_is_missing_is_named_and_one_that_is_there_is_never_shown(
    network: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = network.folder / "topology.toml"
    secret = "postgresql://someone:${CLINIC_SECRET}@127.0.0.1:9/clinic"
    file.write_text(file.read_text().replace("sqlite:///north.sqlite", secret))
    said = command("sync", "-C", network.folder, "--json")
    assert said.code == 1
    assert "CLINIC_SECRET" in said.out
    monkeypatch.setenv("CLINIC_SECRET", "hunter2")
    said = command("sync", "-C", network.folder, "--json")
    assert said.code == 0
    assert {site["site_code"]: site["outcome"] for site in said.document["sites"]}["north"] == "unreachable"
    assert "hunter2" not in said.out + said.err
    written = [path for path in network.folder.rglob("*") if path.is_file() and path.suffix != ".sqlite"]
    assert not [path for path in written if b"hunter2" in path.read_bytes()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sync", "nowhere"], "no site `nowhere`"),
        (["report", "nothing"], "there is no report `nothing`"),
        (["warehouse", "sql", "drop table ledger.site"], "read-only"),
        (["warehouse", "sql", "select nonsense"], "nonsense"),
        (["warehouse", "sql", "select 1; select 2"], "one query"),
        (["warehouse", "sql", ""], "one query"),
        (["warehouse", "sql", "copy (select 1) to 'written.csv'"], "disabled"),
        (["simulate"], "no demo network"),
        (["report", "stock_on_hand", "--store", "ZZ"], "no store with the code `ZZ`"),
        (["report", "stock_on_hand", "--item", "nope"], "no item with the code `nope`"),
    ],
)
def test_bad_input_is_refused_in_one_line(synced: Network, command: Command, words: list[str], expected: str) -> None:
    said = command(*words, "-C", synced.folder)
    assert said.code == 2
    assert expected in said.err
    assert "Traceback" not in said.err


@pytest.mark.long
def test_a6_a_sync_that_was_killed_is_followed_by_one_that_works(synced: Network, command: Command) -> None:
    """Killed while it holds the turn, Dagster's pool and a half-written cycle."""
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    killer = (
        "import os, signal; from pipelines.cli import main; from sites.pull import pull as stage;"
        "stage.pull = lambda *given, **named: os.kill(os.getpid(), signal.SIGKILL);"
        f"main(['sync', '-C', {str(synced.folder)!r}])"
    )
    killed = subprocess.run([sys.executable, "-c", killer], cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert command("sync", "-C", synced.folder).code == 0
    assert synced.warehouse("select id from replica.stock_line") == [("stock-NTH-1",)]


@pytest.mark.long
def test_two_cycles_at_once_take_turns(network: Network, command: Command) -> None:
    holder = (
        "import sys, pathlib; from central.lock import take_turn; take_turn(pathlib.Path(sys.argv[1]));"
        "print('held', flush=True); sys.stdin.readline()"
    )
    words = [sys.executable, "-c", holder, str(network.folder)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        said = command("sync", "-C", network.folder)
        assert said.code == 3
        assert "another cycle is running" in said.err
        other.communicate("\n")
    assert command("sync", "-C", network.folder).code == 0


def test_s2_a_password_may_hold_any_character(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace("sqlite:///north.sqlite", "postgresql://me:${PW}@127.0.0.1/db"))
    monkeypatch.setenv("PW", "p@ss/w:rd")
    project = network.project
    url = make_url(project.database_url(project.topology.site("north")))
    assert (url.password, url.host) == ("p@ss/w:rd", "127.0.0.1")


def test_a_folder_without_a_project_is_refused(tmp_path: Path, command: Command) -> None:
    said = command("status", "-C", tmp_path)
    assert said.code == 2
    assert "no topology.toml" in said.err


def test_rules_are_the_page_in_the_docs(command: Command) -> None:
    assert command("rules", "--markdown").out == (ROOT / "docs" / "data_types.md").read_text(encoding="utf-8")
    assert data_types_page() == (ROOT / "docs" / "data_types.md").read_text(encoding="utf-8")
    numbers = {row["number"] for row in json.loads(command("rules", "--json").out)["rules"]}
    assert numbers == set(range(1, 71))


@pytest.mark.long
def test_b57_capture_removed_and_installed_again_goes_on_by_itself(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    removed = command("capture", "remove", "north", "--yes", *here)
    assert (removed.code, "leaves 121 tables to be read whole" in removed.err) == (0, True), removed
    cycle(synced)
    assert "capture missing" in str({row["site_code"]: row["last_error"] for row in status(synced, command)}["north"])
    assert "121 tables to be read whole: `supplysync check`" in command("capture", "install", "north", *here).err
    cycle(synced)
    assert [row["status"] for row in status(synced, command)] == ["ok"] * 3


@pytest.mark.long
def test_a_site_of_another_version_is_described_and_a_refused_table_is_a_failure(
    synced: Network, command: Command
) -> None:
    """Precision 33: `check` notes what lacks and what there is besides; what went is a problem until a cycle told it, a
    missing key until it is there."""
    here = ("-C", synced.folder)
    for statement in ("drop table reminder", "alter table item drop column ven_category", "create table visit (id)"):
        synced.people_run("north", statement)
    checked = command("check", "--json", *here)
    assert (checked.code, checked.document["notes"]) == (
        1,
        [
            "north: table `item` has no column `ven_category`: not collected there",
            "north: table `reminder` is missing: not collected there",
            "north: 1 table of the program's own, not collected: visit",
        ],
    )
    problems = {one["site"]: one["problem"] for one in checked.document["sites"] if one["problem"]}
    assert problems == {"north": "table `item` has no column `ven_category` any more: collected without it"}
    assert "all 362 tables are captured" in command("capture", "status", *here).err
    assert command("sync", *here).code == 1  # told once
    assert command("sync", *here).code == command("check", *here).code == 0
    synced.people_run("north", "alter table location rename column store_id to shop_id")
    assert "`location` is not collected: it has no column `store_id`" in str(command("check", "--json", *here).document)
    assert (command("sync", "north", *here).code, command("status", "--fail-on", "failed", *here).code) == (1, 1)
    synced.people_run("north", "create unique index odd on barcode (lower(barcode))")
    installed = command("capture", "install", "north", *here)
    assert (installed.code, "table `barcode` is left out: its unique index `odd`" in installed.err) == (0, True)
    assert command("capture", "status", "north", *here).code == 1
    [problem] = [one["problem"] for one in command("check", "--json", *here).document["sites"] if one["problem"]]
    assert problem.startswith("table `barcode` is not collected")
    assert problem.endswith("run `supplysync capture install`")


@pytest.mark.long
def test_b57_a_mass_of_changes_after_a_gap_is_held_until_somebody_releases_it(
    synced: Network, command: Command
) -> None:
    """Precision 3: more than 1 000 records and more than a tenth of a table."""
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(1001)))
    cycle(synced)
    command("capture", "remove", "north", "--yes", *here)
    synced.people_run("north", "delete from stock_line")
    command("capture", "install", "north", *here)
    for _ in range(2):
        cycle(synced)
        assert {row["site_code"]: row["held_changes"] for row in status(synced, command)}["north"] == 1001
        assert synced.warehouse("select count(*) from replica.stock_line") == [(1001,)]
    released = command("release", "north", "--reason", "the store was emptied", "--json", *here)
    assert released.document == {"site": "north", "removals": None, "changes": 1001, "not_taken": None}
    assert (released.code, "1,001" in released.err) == (0, True), released
    cycle(synced)
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]
    assert {row["site_code"]: row["held_changes"] for row in status(synced, command)}["north"] is None


@pytest.mark.long
def test_t1_a_database_that_was_claimed_by_mistake_is_let_go(network: Network, command: Command) -> None:
    """Until central has read it: `site unclaim`."""
    here = ("-C", network.folder)
    with open_site(network.urls["north"], network.folder) as db:
        identity.claim(db, 3, "south", database_uuid="by-mistake")
    cycle(network)
    failed = {row["site_code"]: row["last_error"] for row in status(network, command)}
    assert "belongs to site `south`" in str(failed["north"])
    refused = command("site", "unclaim", "north", *here)
    assert (refused.code, "belongs to site `south`" in refused.err) == (1, True), refused
    with open_site(network.urls["north"], network.folder) as db:
        identity.unclaim(db, 3, "south")
        identity.claim(db, 2, "north", database_uuid="by-mistake")
    assert command("site", "unclaim", "north", *here).code == 0
    assert "nothing to let go" in command("site", "unclaim", "north", *here).err
    cycle(network)
    assert [row["status"] for row in status(network, command)] == ["ok"] * 3
    kept = command("site", "unclaim", "north", *here)
    assert (kept.code, "central has read the database" in kept.err) == (2, True), kept


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clinic:s3cr3t/supply",  # "user:" or "@host" was forgotten
        "postgresql://clinic:s3cr3t@host:port/supply",
        "postgresql://clinic:s3cr3t@host/supply?host=a&host=b",
        "postgresql://clinic:s3cr3t@host/supply?nonsense=s3cr3t",
        "postgresql://clinic:s3cr3t@" + "x" * 80 + ".example/supply",
        "sqlite+s3cr3t:///x",
        "s3cr3t",
    ],
)
def test_s2_a_url_that_cannot_be_used_is_never_quoted(
    network: Network, command: Command, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    topology = network.folder / "topology.toml"
    text = topology.read_text(encoding="utf-8")
    topology.write_text(text.replace(f'"{network.urls["north"]}"', '"${NORTH_DB}"'), encoding="utf-8")
    monkeypatch.setenv("NORTH_DB", url)
    for words in (["check"], ["capture", "status", "north"], ["schema", "create", "north"], ["queue"]):
        said = command(*words, "-C", network.folder)
        assert "s3cr3t" not in said.out + said.err, words
        assert "Traceback" not in said.err, words
        assert said.code in (0, 1, 2, 3), words


def test_s2_what_nobody_foresaw_is_said_in_one_line_without_its_text(
    network: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("s3cr3t")

    monkeypatch.setattr("pipelines.cli.commands.setup.check.site_state", broken)
    said = command("check", "-C", network.folder)
    assert (said.code, said.err.count("\n"), "s3cr3t" in said.err) == (3, 1, False), said.err
    assert "unexpected KeyError at" in said.err
    monkeypatch.setenv("SUPPLYSYNC_TRACEBACK", "1")
    with pytest.raises(KeyError):
        command("check", "-C", network.folder)


def test_s2_what_a_step_did_not_foresee_is_shown_nowhere(
    network: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the screen, nor in the history of runs, which Dagster's pages show."""

    def broken(*_: object) -> None:
        raise KeyError("s3cr3t")

    monkeypatch.setattr("central.cycle.stages.admit", broken)
    said = command("sync", "-C", network.folder)
    assert said.code == 3
    assert "error: step replicas: unexpected KeyError at tests/pipelines/test_cli.py, line " in said.err
    history = [file.read_bytes() for file in (network.folder / "dagster").rglob("*") if file.is_file()]
    assert "s3cr3t" not in said.out + said.err
    assert [b"s3cr3t" in content for content in history].count(True) == 0
    assert any(b"unexpected KeyError at" in content for content in history)


def test_s2_data_cannot_steer_a_terminal(synced: Network, command: Command) -> None:
    """Control characters, and those that turn the direction of writing, are shown."""
    synced.people_run("central", "update store set code = 'NTH' || char(27) || '[2J' || char(8238) where id = 'NTH'")
    synced.people_run(
        "central", "update item set name = 'Zinc' || char(27) || ']0;title' || char(7) where id = 'paracetamol'"
    )
    synced.people_put("north", "item", {"id": "x\x1b[31m\u202ey", "code": "X", "name": "X", "unit_id": "tablet"})
    cycle(synced)
    said = command("rejected", "list", "-C", synced.folder)
    assert r"x\x1b[31m\u202ey" in said.out
    assert not {"\x1b", "\u202e", "\x07"} & set(said.out + said.err)
    told = command("rejected", "list", "--json", "-C", synced.folder)
    assert not {"\x1b", "\u202e"} & set(told.out)
    assert "x\x1b[31m\u202ey" in [one["record_id"] for one in told.document["rejected"]]


def test_s2_data_is_never_read_as_markup(synced: Network, command: Command) -> None:
    """Brackets, with a backslash before them or not, are what somebody named an item: they neither hide nor stop."""
    names = {
        "oxygen": r"Oxygen \[/3 l] cylinder",
        "morphine": r"Morphine \[conceal]10 mg",
        "\u2028[/bold]": "[bold]B[/]",
        "smile": ":smile: 5 mg",
    }
    synced.people_put("central", "item", *({"id": one, "code": one, "name": names[one]} for one in names))
    synced.people_put("north", "item", {"id": r"own \[/x]", "code": "X", "name": "[/red]", "unit_id": "tablet"})
    synced.people_run("north", 'alter table item add column "[/red] x" text')
    cycle(synced)
    folder = ("-C", synced.folder)
    shown = command("report", "items", "--columns", "all", *folder)
    assert (shown.code, [name for name in names.values() if name not in shown.out]) == (0, [])
    assert r"own \[/x]" in command("rejected", "list", *folder).out
    asked = command("warehouse", "sql", 'select name as "[/b]\x1b\u202e\n" from replica.item', *folder)
    assert (asked.code, r"[/b]\x1b\u202e\n" in asked.out) == (0, True)
    told = command("explain", "item", "\u2028[/bold]", *folder)
    assert (told.code, r"item \u2028[/bold]: " in told.out) == (0, True)
    assert "[/red] x" in command("check", *folder).err
    for report in ("data_quality", "not_taken", "sync_status", "transfer_lines"):
        assert command("report", report, *folder).code == 0


def test_a_contact_in_the_future_is_unknown_and_an_error(synced: Network, command: Command) -> None:
    """The clock was years ahead once."""
    with open_warehouse(synced.project.warehouse, synced.project.schema) as con:
        con.execute("update ledger.site set last_contact_at = '2031-01-01T00:00:00Z' where site_code = 'north'")
    north = next(row for row in status(synced, command) if row["site_code"] == "north")
    assert (north["status"], north["days_since_contact"]) == ("error", None)
    assert "in the future" in north["last_error"]
    assert command("status", "--fail-on", "failed", "-C", synced.folder).code == 1


@pytest.mark.long
def test_sites_that_failed_are_tried_again_by_a_word(synced: Network, command: Command) -> None:
    here, file = ("-C", synced.folder), synced.folder / "north.sqlite"
    file.rename(file.with_suffix(".away"))
    cycle(synced)
    command("pause", "north", *here)
    paused = command("sync", "--failed", *here)
    assert (paused.code, "paused, and left out: north" in paused.err) == (0, True)
    command("resume", "north", *here)
    file.with_suffix(".away").rename(file)
    again = command("sync", "--failed", "--json", *here)
    assert (again.code, [one["site_code"] for one in again.document["sites"]]) == (0, ["north"])
    nothing = command("sync", "--failed", *here)
    assert (nothing.code, "no site failed" in nothing.err) == (0, True)
    assert command("sync", "north", "--failed", *here).code == 2


def test_what_changes_something_answers_as_json_and_shows_first(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    cycle(synced)
    assert command("sync", "--failed", "--json", *here).document == {"cycle": None, "sites": []}
    [entry] = command("rejected", "list", "--json", *here).document["rejected"]
    for words, is_decided in (
        (("admit", entry["id"], "--dry-run"), False),
        (("discard", entry["id"], "--reason", "by mistake"), True),
    ):
        said = command("rejected", *words, "--json", *here).document
        assert (said["is_decided"], [one["id"] for one in said["changes"]]) == (is_decided, [entry["id"]])
    assert command("prune", "--dry-run", "--json", *here).code == 0
