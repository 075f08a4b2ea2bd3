"""Publishing at size: written anew and brought up to date, beside the disk copying the same bytes.

`python -m bench.publish --gigabytes 5` needs several times that on the disk. What is saved is copying rows that
did not change, and working out pairs of store and item that did not (decision 63). How large the file is
says how much it grows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.floors.clock import Spent, spent
from bench.networks.warehouse import LINES_A_GIGABYTE, NOW, change, fill
from sites.schema import SCHEMA
from warehouse.connection import Connection, open_warehouse
from warehouse.snapshots import files
from warehouse.snapshots.publish import Published, publish
from wire.whole_files import flush

_COLUMNS = (
    "changed lines", "written", "rows s", "reports s", "in all s", "CPU s", "disk copies it s", "ratio", "GB",
    "peak MB",
)  # fmt: skip


@dataclass(frozen=True)
class MeasuredPublication:
    """One publication, what it took, and the seconds in which the disk copies its file and has it."""

    changed: int
    spent: Spent[Published]
    copy_seconds: float


def copy_seconds(file: Path) -> float:
    """The machine's limit: a copy of the file that is on the disk."""
    target = file.with_name(".copied")
    began = time.perf_counter()
    files.copy(file, target)
    flush(target)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def rounds(con: Connection, folder: Path, lines: int, shares: list[float]) -> list[MeasuredPublication]:
    """The first publication, and one after each cycle that changed a share of the lines."""
    found = [_published(con, folder, 1, 0)]
    for cycle, share in enumerate(shares, start=2):
        changed = change(con, lines, share, cycle)
        found.append(_published(con, folder, cycle, changed))
    return found


def _published(con: Connection, folder: Path, cycle: int, changed: int) -> MeasuredPublication:
    made = spent(lambda: publish(con, folder, SCHEMA, now=NOW + timedelta(hours=cycle)))
    return MeasuredPublication(changed, made, copy_seconds(made.result.snapshot.path))


def publication_table(found: list[MeasuredPublication]) -> Table:
    """A row a publication."""
    table = Table(title="Publishing beside the disk", title_justify="left", box=None)
    for heading in _COLUMNS:
        table.add_column(heading, justify="left" if heading == "written" else "right")
    for one in found:
        made = one.spent.result
        table.add_row(
            f"{one.changed:,}",
            made.why_full or "what changed",
            f"{made.seconds - made.report_seconds:,.1f}",
            f"{made.report_seconds:,.1f}",
            f"{made.seconds:,.1f}",
            f"{one.spent.cpu:,.1f}",
            f"{one.copy_seconds:,.1f}",
            f"{one.copy_seconds / made.seconds:.2f}",
            f"{made.bytes / 1e9:.2f}",
            f"{one.spent.peak_mb:,}",
        )
    return table


def _main() -> None:
    """Makes a warehouse, publishes it, changes some of it, publishes that, and prints the table."""
    parser = argparse.ArgumentParser(description="Publishing at size, beside the disk copying the same bytes.")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--shares", type=float, nargs="*", default=[0.0001, 0.01, 0.01, 0.01, 0.1])
    parser.add_argument("--place", type=Path, help="where to make it; a temporary folder otherwise")
    options = parser.parse_args()
    lines = int(options.gigabytes * LINES_A_GIGABYTE)
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-", dir=options.place) as place:
        folder = Path(place)
        with open_warehouse(folder / "working.duckdb", SCHEMA) as con:
            fill(con, lines)
            found = rounds(con, folder / "published", lines, options.shares)
    Console(width=140).print(publication_table(found))


if __name__ == "__main__":
    _main()
