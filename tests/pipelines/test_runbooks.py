"""The runbooks: every command of theirs does what it says, on the demo network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sites.engines.connection import open_site
from tests.pipelines.conftest import Said

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
SITES = "supplysync warehouse sql \"from ledger.site select {} where site_code = '{}'\" --json"
ENDS = {
    "add-a-site": SITES.format("last_outcome", "coast"),
    "a-database-is-lost": SITES.format("last_outcome", "remote_2"),
    "a-site-is-lost": "supplysync stores C D --json",
    "a-site-was-restored": SITES.format("epoch", "remote_1"),
    "back-up-and-restore-the-server": "supplysync replay --json",
    "change-primary": "supplysync moves list --all --json",
    "disk-space": "supplysync prune --json",
    "move-a-store": "supplysync stores D --json",
}
"""What is looked at in the end."""
IN_THE_END = {
    "add-a-site": '"ok"',
    "a-database-is-lost": '"ok"',
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


def lose_data(folder: Path) -> None:
    """The server's disk broke."""
    run("supplysync sync", folder)
    shutil.rmtree(folder / "data")


HAPPENS = {
    ("back-up-and-restore-the-server", 1): [lose_data],
    ("a-database-is-lost", 0): [break_remote_2],
    ("a-site-was-restored", 0): [restore_remote_1],
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


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_runbook_work_one_after_the_other(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "network"
    run(f"supplysync init {folder} --demo && supplysync sync -C {folder}", tmp_path)
    scripts = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for number, script in enumerate(scripts):
        for what in HAPPENS.get((page.stem, number), ()):
            what(folder)
        run(script, folder)
    assert IN_THE_END[page.stem] in run(ENDS[page.stem], folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_a_runbook_names_exists(page: Path, command: Callable[..., Said]) -> None:
    named = set(re.findall(r"supplysync ([a-z-]+(?: [a-z-]+)?)", page.read_text(encoding="utf-8")))
    for words in sorted(named):
        first, *_ = words.split()
        assert command(first, "--help").code == 0, words
