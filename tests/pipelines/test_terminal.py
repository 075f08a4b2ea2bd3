"""M6, S2: what people see of a running cycle in a real terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sites.engines.connection import open_site
from tests.central.small_network import Network, stock_line

_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def read(terminal: int, until: str | None = None) -> str:
    """What comes out of a terminal, up to a text or the end."""
    found = b""
    while until is None or until.encode() not in found:
        try:
            some = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        found += some
    return found.decode(errors="replace")


def screen(output: str) -> list[str]:
    """The lines that a terminal shows in the end."""
    lines, row = [""], 0
    for piece in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)", output):
        control = _CONTROL.fullmatch(piece)
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif control and control[2] == "A":
            row = max(0, row - int(control[1] or 1))
        elif control and control[2] == "K":
            lines[row] = ""
        elif piece != "\r" and not control:
            lines[row] += piece
    return [line.rstrip() for line in lines]


@pytest.mark.long
def test_m6_what_is_left_is_drawn_while_it_goes_on_and_gone_when_it_is_over(synced: Network) -> None:
    synced.people_put("south", "stock_line", stock_line(1, "STH"), stock_line(2, "STH"))
    here, there = pty.openpty()
    program = Path(sys.executable).with_name("supplysync")
    with open_site(synced.urls["south"], synced.folder) as db, db.transaction(write=True):
        db.execute("lock table stock_line in access exclusive mode")  # so that the pull of south waits
        running = subprocess.Popen(
            [program, "sync", "-C", synced.folder], stdin=there, stdout=there, stderr=there, start_new_session=True
        )
        os.close(there)
        drawn = read(here, until="south: 2 to come in")
    drawn += read(here)
    os.close(here)
    assert running.wait(60) == 0
    assert "2 of 3 sites pulled" in drawn
    shown = screen(drawn)
    [told] = [line for line in shown if "sites pulled" in line]
    assert told.startswith("  3 of 3 sites pulled; 2 records came in in ")
    assert not [line for line in shown if "to come in" in line or "to go out" in line]
    assert [line.split()[:3] for line in shown if line.startswith("south ")] == [["south", "ok", "2"]]


def test_a_table_breaks_between_words_where_a_terminal_is_narrow(synced: Network) -> None:
    """No time, number or code is cut in two; what is long gets what is left."""
    here, there = pty.openpty()
    program = Path(sys.executable).with_name("supplysync")
    running = subprocess.Popen(
        [program, "cycles", "show", "1", "-C", synced.folder], stdin=there, stdout=there, stderr=there,
        start_new_session=True, env={**os.environ, "COLUMNS": "62"},
    )  # fmt: skip
    os.close(there)
    shown = screen(read(here))
    assert running.wait() == 0
    assert max(len(line) for line in shown if not line.startswith("next: ")) <= 62  # a command is never broken
    assert "site    outcome pulled admitted rejected waiting sent seconds" in shown
