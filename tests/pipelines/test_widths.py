"""Output fits the window that it is shown in, and a pipe; it is plain where nobody wants colours."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.cli.speech import output
from tests.central.copies import Copies
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.test_terminal import read

Command = Callable[..., Said]

SNAPSHOTS = Path(__file__).parents[1] / "data/output"
COMMANDS = (
    "status", "sites", "stores", "check", "queue", "cycles list", "cycles show 2", "rejected list", "transfers list",
    "report stock_on_hand", "report sync_status", "explain stock_line stock-NTH-1",
)  # fmt: skip
OF_THIS_MACHINE = ("topology list", "warehouse snapshots")
"""Names who did it and files of their own sizes: looked at, and no snapshot."""
WIDTHS = (80, 100, 140)
_LONG_WORD = 36


def prepare(network: Network) -> None:
    """People's work of each kind that is listed: stock, an edit that is refused, a site that cannot be reached."""
    network.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    network.people_put("south", "stock_line", stock_line(1, "STH"))
    network.people_put("north", "item", {"id": "amoxicillin", "name": "Mine"})
    cycle(network, is_published=True)
    (network.folder / "south.away").touch()
    (network.folder / "north.sqlite").rename(network.folder / "north.away")
    cycle(network, is_published=True)


@pytest.fixture
def prepared(copies: Copies, tmp_path: Path, make_small_network: Callable[[Path, str], Network]) -> Iterator[Network]:
    """The small network in that state."""

    def make(folder: Path, url: str) -> Network:
        made = make_small_network(folder, url)
        cycle(made)
        prepare(made)
        return made

    with copies.of("of_widths", make, tmp_path / "network") as made:
        yield made


def steady(text: str, folder: Path) -> str:
    """Without what is another at each run: times, seconds, ids, folders."""
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "2026-01-01", text)
    text = re.sub(r"\b\d\d:\d\d\b", "00:00", text)
    text = re.sub(r"\b\d+\.\d\d\b", "0.00", text)
    return re.sub(r"[ \t]+$", "", text.replace(str(folder), "FOLDER"), flags=re.MULTILINE)


def cut_words(shown: str, whole: list[str]) -> set[str]:
    """Short words that nobody wrote so; a long one may be broken, and the name of a column after an underscore."""
    long = [one for one in whole if len(one) > _LONG_WORD or "_" in one]
    short = {word for word in shown.split() if len(word) <= _LONG_WORD}
    return {word for word in short - set(whole) if not any(word in one for one in long)}


@pytest.mark.parametrize("width", [WIDTHS[0], *(pytest.param(one, marks=pytest.mark.long) for one in WIDTHS[1:])])
def test_output_is_as_it_was_and_no_wider_than_the_window(
    width: int, prepared: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot a command and width; `SUPPLYSYNC_WRITE_SNAPSHOTS=1` writes them anew."""
    monkeypatch.setenv("SUPPLYSYNC_PROJECT", str(prepared.folder))  # a folder that is named stands in every command
    for words in (*COMMANDS, *OF_THIS_MACHINE):
        monkeypatch.setattr(output.data, "width", 1000)
        whole = command(*words.split()).out.split()
        monkeypatch.setattr(output.data, "width", width)
        said = command(*words.split())
        assert max(map(len, said.out.splitlines()), default=0) <= width, words
        assert cut_words(said.out, whole) == set(), words
        if words in OF_THIS_MACHINE:
            continue
        file = SNAPSHOTS / f"{words.replace(' ', '-')}.{width}.txt"
        shown = steady(said.out, prepared.folder)
        if os.environ.get("SUPPLYSYNC_WRITE_SNAPSHOTS"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(shown, encoding="utf-8")
        assert shown == file.read_text(encoding="utf-8"), f"{words} at {width}"


def test_a_table_that_is_too_wide_is_rows_of_lines_and_breaks_no_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.data, "width", 80)
    ids = {name: f"5f0e2c1a-0000-4000-8000-00000000000{place}" for place, name in enumerate(("site", "central"))}
    columns = {"mark": "", "column": "column", "site": "at the site", "central": "at central", "note": "note"}
    rows = [{"mark": "*", "column": "unit_id", **ids, "note": None}]
    output.show_table("Both versions", columns, rows)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Both versions", "column unit_id *", f"  at the site: {ids['site']}", f"  at central: {ids['central']}",
    ]  # fmt: skip
    output.show_table("", columns, rows, is_asked=True)  # columns that somebody asked for are a table
    assert f"unit_id  {ids['site']}  {ids['central']}" in capsys.readouterr().out


def run(network: Network, *words: str, **environment: str) -> str:
    """What a command writes into a pipe."""
    program = Path(sys.executable).with_name("supplysync")
    ran = subprocess.run(
        [program, *words, "-C", network.folder], capture_output=True, text=True, check=True,
        env={**{key: value for key, value in os.environ.items() if key != "COLUMNS"}, **environment},
    )  # fmt: skip
    return ran.stdout


def test_a_pipe_is_as_wide_as_a_wide_window_or_as_is_said(prepared: Network) -> None:
    at_140 = (SNAPSHOTS / "status.140.txt").read_text(encoding="utf-8")
    assert steady(run(prepared, "status"), prepared.folder) == at_140
    assert max(map(len, run(prepared, "report", "sync_status", COLUMNS="80").splitlines())) <= 80


def in_terminal(network: Network, *words: str, **environment: str) -> str:
    """What a command writes to a terminal."""
    here, there = pty.openpty()
    program = Path(sys.executable).with_name("supplysync")
    with subprocess.Popen(
        [program, *words, "-C", network.folder], stdin=there, stdout=there, stderr=there, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "140", **environment},
    ) as running:  # fmt: skip
        os.close(there)
        drawn = read(here)
        os.close(here)
    assert running.returncode == 0
    return drawn


@pytest.mark.long
def test_nothing_but_text_is_written_where_nobody_wants_colours(synced: Network) -> None:
    assert "\x1b[" in in_terminal(synced, "status", NO_COLOR="")
    assert "\x1b[" not in in_terminal(synced, "status", NO_COLOR="1")
    assert "\x1b[" not in in_terminal(synced, "check", NO_COLOR="1")


@pytest.mark.long
def test_s2_what_data_would_steer_a_terminal_with_is_shown_as_such(synced: Network) -> None:
    """Control characters, and those that turn the direction of writing."""
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_run("central", "update item set name = 'A' || char(27) || '[2J' || char(8238) || 'B' || char(7)")
    cycle(synced, is_published=True)
    cycle(synced, is_published=True)
    shown = in_terminal(synced, "report", "stock_on_hand", "--columns", "store_code,item_name", NO_COLOR="1")
    assert r"A\x1b[2J\u202eB\x07" in shown
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)
