"""The runbooks: every command of theirs does what it says, on the demo network; every code and alarm has its page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from demo.network.postgres import PostgresServer
from demo.network.postgres_process import reachable
from demo.network.project_files import POSTGRES_SITE, POSTGRES_VARIABLE
from pipelines.cli.main import supplysync
from sites.engines.connection import open_site
from sync_rules.codes import FAILURES, REASONS, SKIPS, WAITS
from sync_rules.for_people.runbooks import (
    ALARMS,
    CHECKS,
    CODES,
    COLUMNS,
    CYCLE_FAILED,
    FIGURES,
    STATUSES,
    page_path,
    runbook_of,
    runbooks_page,
)
from sync_rules.for_people.states import word_of
from sync_rules.topology.alerts import Alarm
from tests.central.small_network import Network
from tests.pipelines.conftest import Said, cycle

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "docs" / "runbooks" / "README.md"
PAGES = sorted(page for page in INDEX.parent.glob("*.md") if page != INDEX)
SITES = "supplysync warehouse sql \"from ledger.site select {} where site_code = '{}'\" --json"
ENDS = {
    "add-a-site": SITES.format("last_outcome", "coast"),
    "alerts": "cat told.txt",
    "a-database-is-lost": SITES.format("last_outcome", "remote_2"),
    "a-site-differs": "supplysync verify remote_2 --json",
    "a-site-is-lost": "supplysync stores C D --json",
    "a-site-was-restored": SITES.format("epoch", "remote_1"),
    "back-up-and-restore-the-server": "supplysync replay --json",
    "change-primary": "supplysync moves list --all --json",
    "disk-space": "supplysync prune --json",
    "move-a-store": "supplysync stores D --json",
}
"""What is looked at in the end, where a page changes anything."""
IN_THE_END = {
    "add-a-site": '"ok"',
    "alerts": "alerts arrive here",
    "a-database-is-lost": '"ok"',
    "a-site-differs": '"differences": []',
    "a-site-is-lost": '"active_on": "remote_1"',
    "a-site-was-restored": '"epoch": 2',
    "back-up-and-restore-the-server": '"differing": []',
    "change-primary": '"state": "done"',
    "disk-space": '"only_told": {}',
    "move-a-store": '"active_on": "remote_1"',
}


def lose_remote_2(folder: Path) -> None:
    """The computer is gone."""
    (folder / "sites" / "remote_2.sqlite").rename(folder / "remote_2.away")


def find_remote_2(folder: Path) -> None:
    """And is found."""
    (folder / "remote_2.away").rename(folder / "sites" / "remote_2.sqlite")


def break_remote_2(folder: Path) -> None:
    """The disk broke."""
    (folder / "sites" / "remote_2.sqlite").unlink()


def restore_remote_1(folder: Path) -> None:
    """It worked and was synced, its database was put back from before that, and it worked on."""
    file, kept = folder / "sites" / "remote_1.sqlite", folder / "remote_1.backup"
    work = "update stock_line set batch = '{}' where id in (select id from stock_line where store_id = '{}' limit 5)"
    shutil.copyfile(file, kept)
    with open_site(f"sqlite:///{file}", folder) as db:
        [(store,)] = db.execute("select min(store_id) from store_site where sync_type = 'active'")
        db.execute(work.format("lost", store))
    run("supplysync sync remote_1", folder)
    shutil.copyfile(kept, file)
    with open_site(f"sqlite:///{file}", folder) as db:
        db.execute(work.format("here", store))


def meddle_with_remote_2(folder: Path) -> None:
    """A program loaded rows past the triggers."""
    with open_site(f"sqlite:///{folder / 'sites' / 'remote_2.sqlite'}", folder) as db, db.transaction(write=True):
        db.mark_delivery(is_delivery=True)
        db.execute("update item set name = 'Other' where id in (select min(id) from item)")
        db.execute("update stock_line set batch = 'other' where id in (select min(id) from stock_line)")
        db.mark_delivery(is_delivery=False)


def lose_data(folder: Path) -> None:
    """The server's disk broke."""
    run("supplysync sync", folder)
    shutil.rmtree(folder / "data")


HAPPENS = {
    ("back-up-and-restore-the-server", 1): [lose_data],
    ("a-database-is-lost", 0): [break_remote_2],
    ("a-site-differs", 0): [meddle_with_remote_2],
    ("a-site-was-restored", 0): [restore_remote_1],
    ("a-site-is-silent", 0): [lose_remote_2],
    ("a-site-is-lost", 0): [lose_remote_2],
    ("a-site-is-lost", 3): [find_remote_2],
}
"""What happens to a site before the commands of a page, by their number."""


def run(script: str, folder: Path) -> str:
    """What a script says. Raises AssertionError with what it says where a command of it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def blocks(page: Path, kind: str) -> list[str]:
    """The examples of a page: ``sh`` is run as it stands, ``text`` shows a form."""
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def demo_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo network after its first cycle: made once, and copied for each page."""
    folder = tmp_path_factory.mktemp("demo") / "network"
    run(f"supplysync init {folder} --demo && supplysync sync -C {folder}", folder.parent)
    return folder


@pytest.fixture
def copied_network(demo_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy whose PostgreSQL server runs for the whole page: starting it takes as long as most commands."""
    folder = tmp_path / "network"
    run(f"cp -a {demo_network} {folder}", tmp_path)  # with their owners: PostgreSQL asks whose its files are
    data = folder / "postgres"
    if data.is_symlink():  # to a place that the server may enter
        kept = data.resolve()
        data.unlink()
        run(f"cp -a {kept}/. {reachable(data)}", tmp_path)
    with PostgresServer(data) as server:
        monkeypatch.setenv(POSTGRES_VARIABLE, server.url(POSTGRES_SITE))
        yield folder


@pytest.mark.long
@pytest.mark.timeout(900)  # a page may make the server again, and compare it twice
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_runbook_work_one_after_the_other(page: Path, copied_network: Path) -> None:
    for number, script in enumerate(blocks(page, "sh")):
        for what in HAPPENS.get((page.stem, number), ()):
            what(copied_network)
        run(script, copied_network)
    if page.stem in ENDS:
        assert IN_THE_END[page.stem] in run(ENDS[page.stem], copied_network)


FIRST_NETWORK = ROOT / "docs" / "first-network.md"


@pytest.mark.long
def test_the_first_network_is_made_by_the_blocks_of_its_page(tmp_path: Path) -> None:
    for script in blocks(FIRST_NETWORK, "sh"):
        run(script, tmp_path)
    asked = "supplysync report stock_on_hand -C my-network --json"
    rows = json.loads(run(asked, tmp_path))["rows"]
    assert [(row["store_code"], row["soh_units"]) for row in rows] == [
        ("CMS", "4000"),
        ("CMS", "500"),
        ("COAST", "300"),
    ]
    asked = "supplysync warehouse sql -C my-network 'select count(*) from ledger.quarantine' --json"
    assert '"count_star()": 0' in run(asked, tmp_path)


@pytest.mark.parametrize("page", [*PAGES, FIRST_NETWORK], ids=lambda page: page.stem)
def test_every_command_that_a_runbook_names_exists_with_its_options(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for shown in [*re.findall(r"`(supplysync [^`]+)`", text), *re.findall(r"^(supplysync .+)$", text, re.MULTILINE)]:
        _, first, *rest = re.split(r"\s+", shown)
        found = supplysync.get_command(click.Context(supplysync), first)
        assert found is not None, shown
        if isinstance(found, click.Group):
            unnamed = next((one for one in found.commands.values() if one.hidden), None)  # `backup DIR`
            alone = found if found.invoke_without_command else unnamed  # `dashboard`
            found = found.commands.get(rest[0], alone) if rest else alone
            assert found is not None, shown
        options = {name for param in found.params for name in (*param.opts, *param.secondary_opts)}
        assert {word for word in rest if word.startswith("--")} <= options, shown


REGISTERS = {"REASONS": REASONS, "WAITS": WAITS, "SKIPS": SKIPS, "FAILURES": FAILURES}


@pytest.mark.parametrize("register", REGISTERS)
def test_every_code_has_one_page_that_speaks_of_it(register: str) -> None:
    named = [code for codes in CODES.values() for code in codes]
    assert len(named) == len(set(named))
    for code in REGISTERS[register]:
        page = ROOT / (runbook_of(code) or "-")
        assert f"`{code}`" in page.read_text(encoding="utf-8"), f"{page}: {code}"


def test_every_alarm_status_and_check_has_a_page_that_speaks_of_it() -> None:
    assert set(ALARMS) == set(Alarm)
    of_states = [(word_of(code), page) for code, page in STATUSES.items()]
    for what, page in [*ALARMS.items(), *of_states, *CHECKS.items(), *FIGURES.items(), ("failure", CYCLE_FAILED)]:
        assert f"`{what}`" in (ROOT / page_path(page)).read_text(encoding="utf-8"), f"{page}: {what}"
    for column, page in COLUMNS.items():
        assert (ROOT / page_path(page)).is_file(), column


def test_no_code_is_of_another_version() -> None:
    known = set().union(*REGISTERS.values())
    assert {code for codes in CODES.values() for code in codes} <= known


def test_the_index_is_up_to_date_and_has_every_page() -> None:
    """`supplysync explain runbooks > docs/runbooks/README.md` writes it."""
    text = INDEX.read_text(encoding="utf-8")
    assert text == runbooks_page()
    assert [page.name for page in PAGES if f"({page.name})" not in text] == []


@pytest.mark.parametrize("page", sorted({*CODES, *ALARMS.values(), *CHECKS.values(), *FIGURES.values(), CYCLE_FAILED}))
def test_a_page_about_what_happened_says_what_is_safe_and_what_is_not(page: str) -> None:
    text = (ROOT / page_path(page)).read_text(encoding="utf-8")
    assert "**Safe:**" in text
    assert "**Not safe:**" in text
    assert blocks(ROOT / page_path(page), "sh")


def test_commands_that_show_a_code_name_its_page(synced: Network, command: Callable[..., Said]) -> None:
    """`explain`, `rejected show`, `status` and `check`; O7."""
    said = command("explain", "not_primary")
    assert "what to do: `supplysync runbook edited-in-the-wrong-place`" in said.out
    assert command("explain", "site_is_ahead", "--json").document["runbook"] == page_path(CODES_OF_THE_SERVER)
    assert command("explain", "runbooks").out == runbooks_page()
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    (synced.folder / "central.sqlite").rename(synced.folder / "central.away")
    cycle(synced)
    [(entry,)] = synced.warehouse("select id from ledger.quarantine where state = 'open'")
    shown = command("rejected", "show", entry, "-C", synced.folder)
    assert "`supplysync runbook edited-in-the-wrong-place`" in shown.out
    assert "what to do: `supplysync runbook edited-in-the-wrong-place`" in command("status", "-C", synced.folder).err
    assert "what to do: `supplysync runbook a-site-is-silent`" in command("check", "-C", synced.folder).err


def test_runbooks_are_read_where_supplysync_is_installed(command: Callable[..., Said]) -> None:
    """Each page, by name; the package has them, too."""
    listed = {one["page"] for one in command("runbook", "--json").document["pages"]}
    assert listed == {*(page.stem for page in PAGES), "first-network", "sign-in"}
    for name in sorted(listed):
        said = command("runbook", name)
        assert (said.code, "](" in said.out, "```" in said.out) == (0, False, False), name
    about = command("runbook", "not_primary").out
    assert about.startswith("Something was edited where it may not be edited")
    assert "\n    supplysync rejected list" in about
    assert command("runbook", "unreachable", "--json").document["page"] == "a-site-is-silent"
    wrong = command("runbook", "a-site-is-silnt")
    assert (wrong.code, "did you mean `a-site-is-silent`" in wrong.err) == (2, True)
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert not any(fnmatch("docs.runbooks", pattern) for pattern in setup["packages"]["find"]["exclude"])
    assert setup["package-data"]["docs.runbooks"] == ["*.md"]


CODES_OF_THE_SERVER = "back-up-and-restore-the-server"
