"""What it takes until a command answers, beside Python and its libraries doing as little: `python -m bench.startup`.

Processor seconds of whole processes, the median of interleaved rounds: `--help`, `status` and an idle `sync` of so many
idle sites; beside them Python doing nothing, Python with DuckDB opening a file, and Dagster running an empty job.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.whole import MeasuredProcess, make_sites, measured

_DUCKDB = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True).execute('select 1')"
_EMPTY_JOB = """
import dagster
@dagster.op
def nothing(): pass
@dagster.job
def empty(): nothing()
with dagster.DagsterInstance.ephemeral() as instance:
    assert empty.execute_in_process(instance=instance).success
"""


def startup_round(folder: Path, warehouse: Path) -> dict[str, MeasuredProcess]:
    """Each process once."""
    command = Path(sys.executable).with_name("supplysync")
    return {
        "Python doing nothing": measured(sys.executable, "-c", "pass"),
        "supplysync --help": measured(command, "--help"),
        "Python, DuckDB opening the warehouse": measured(sys.executable, "-c", _DUCKDB, warehouse),
        "supplysync status": measured(command, "status", "-C", folder),
        "Dagster, an empty job": measured(sys.executable, "-c", _EMPTY_JOB),
        "supplysync sync, idle": measured(command, "sync", "-C", folder),
    }


def startup_table(rounds: list[dict[str, MeasuredProcess]], sites: int) -> Table:
    """A row a command, beside the process above it."""
    table = Table(title=f"Until a command of {sites} idle sites is done", title_justify="left", box=None)
    for heading in ("command", "s", "CPU s", "peak MB", "CPU s of the limit", "ratio", "the limit"):
        table.add_column(heading, justify="left" if heading in ("command", "the limit") else "right")
    names = list(rounds[0])
    for limit, name in zip(names[::2], names[1::2], strict=True):
        cpu, least = (median(one[of].cpu for one in rounds) for of in (name, limit))
        seconds, peak = median(one[name].seconds for one in rounds), median(one[name].peak_mb for one in rounds)
        table.add_row(name, f"{seconds:.2f}", f"{cpu:.2f}", f"{peak:,.0f}", f"{least:.2f}", f"{cpu / least:.1f}", limit)
    return table


def _main() -> None:
    """Makes the network, brings it to rest, and prints the table."""
    parser = argparse.ArgumentParser(description="What it takes until a command answers.")
    parser.add_argument("--sites", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = Path(place) / "network"
        make_sites(folder, options.sites, rows=100)
        for _ in range(3):
            measured(Path(sys.executable).with_name("supplysync"), "sync", "-C", folder)
        warehouse = folder / "data" / "warehouse" / "working.duckdb"
        rounds = [startup_round(folder, warehouse) for _ in range(options.rounds)]
    Console(width=140).print(startup_table(rounds, options.sites))


if __name__ == "__main__":
    _main()
