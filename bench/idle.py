"""A cycle in which nothing happened, by how many sites are asked: `python -m bench.idle --sites 50 200`.

The floor opens each SQLite file and asks for the last number of its log, as little as can tell that nothing happened.
Both ways of opening are shown, for a file's triggers are read by whoever opens it: the same file without capture.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.floors.clock import spent
from bench.networks.network import MADE_AT
from bench.whole import make_sites
from central.cycle.run import run_cycle
from central.project import Project, load
from sites.capture import triggers
from sites.engines.connection import open_site

_ASKED = "select max(seq) from supplysync_change_log"
_ROUNDS = 5
_SETTLES_S = 2.5
"""So long after a write the time of a file is not believed."""


@dataclass(frozen=True)
class MeasuredIdle:
    """Processor seconds of an idle cycle and the most memory in it, and processor seconds of asking each file for one
    number, with and without triggers in it."""

    sites: int
    cycle: float
    peak_mb: int
    asked: float
    bare: float


def cpu_of(folder: Path, sites: int) -> MeasuredIdle:
    """Of a network that is at rest; the least of some rounds."""
    make_sites(folder, sites, rows=100)
    project = load(folder).as_wanted()
    for number in range(3):
        run_cycle(project, now=MADE_AT + timedelta(minutes=number))
    time.sleep(_SETTLES_S)
    cycles = [spent(partial(_idle_cycle, project, number)) for number in range(_ROUNDS)]
    cycle, peak = min(one.cpu for one in cycles), max(one.peak_mb for one in cycles)
    asked = min(spent(partial(_ask, folder, sites)).cpu for _ in range(_ROUNDS))
    for site in range(2, sites + 2):
        with open_site(f"sqlite:///s{site}.sqlite", folder) as db:
            triggers.remove(db)
    bare = min(spent(partial(_ask, folder, sites)).cpu for _ in range(_ROUNDS))
    return MeasuredIdle(sites, cycle, peak, asked, bare)


def _idle_cycle(project: Project, number: int) -> None:
    run_cycle(project, now=MADE_AT + timedelta(minutes=10 + number))


def _ask(folder: Path, sites: int) -> None:
    for site in range(2, sites + 2):
        con = sqlite3.connect(folder / f"s{site}.sqlite")
        con.execute(_ASKED).fetchall()
        con.close()


def idle_table(found: list[MeasuredIdle]) -> Table:
    """A row a size: milliseconds a site."""
    table = Table(title="A cycle in which nothing happened", title_justify="left", box=None)
    for heading in ("sites", "CPU s", "ms a site", "asked alone, ms", "without triggers, ms", "ratio", "peak MB"):
        table.add_column(heading, justify="right")
    for one in found:
        each = (1000 * seconds / one.sites for seconds in (one.cycle, one.asked, one.bare))
        table.add_row(
            f"{one.sites:,}",
            f"{one.cycle:.2f}",
            *(f"{ms:.2f}" for ms in each),
            f"{one.asked / one.cycle:.2f}",
            f"{one.peak_mb:,}",
        )
    return table


def _main() -> None:
    """Measures each size in a process of its own, and prints the table."""
    parser = argparse.ArgumentParser(description="A cycle in which nothing happened.")
    parser.add_argument("--sites", type=int, nargs="+", default=[50, 200])
    options = parser.parse_args()
    if len(options.sites) > 1:
        for sites in options.sites:
            subprocess.run([sys.executable, "-m", "bench.idle", "--sites", str(sites)], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        found = cpu_of(Path(place) / "network", options.sites[0])
    Console(width=140).print(idle_table([found]))


if __name__ == "__main__":
    _main()
