"""What a cycle with few changes costs reports: `python -m bench.incremental --lines 1000000`.

A publication after so many changed lines of documents, scattered over all stores and items, beside the first one, which
works everything out; then reports of the working warehouse itself, each whole and as it stands: the floor is DuckDB
adding up the packs of all lines by store and item.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.floors.clock import Spent, spent
from bench.networks.warehouse import NOW, change, fill
from sites.schema import SCHEMA
from warehouse.connection import Connection, open_warehouse
from warehouse.reports.view_texts import relation_of
from warehouse.snapshots.publish import Published, publish

_LIVE = ("stock_on_hand", "amc", "item_usage_monthly", "stock_monthly", "expiring_stock", "suggested_orders",
         "stock_value_total")  # fmt: skip
_FLOOR = """select i.store_id, l.item_id, sum(l.packs * l.pack_size)
from replica.invoice_line as l join replica.invoice as i on i.id = l.invoice_id group by all"""


@dataclass(frozen=True)
class MeasuredUpdate:
    """A publication after ``changed`` lines; 0: the first."""

    changed: int
    published: Spent[Published]


def updates(con: Connection, folder: Path, lines: int, changes: list[int]) -> list[MeasuredUpdate]:
    """The first publication, and one after each number of changed lines."""
    found = [MeasuredUpdate(0, _published(con, folder, 1))]
    for cycle, wanted in enumerate(changes, start=2):
        changed = change(con, lines, wanted / lines, cycle)
        found.append(MeasuredUpdate(changed, _published(con, folder, cycle)))
    return found


def _published(con: Connection, folder: Path, cycle: int) -> Spent[Published]:
    return spent(lambda: publish(con, folder, SCHEMA, now=NOW + timedelta(hours=cycle)))


def live(con: Connection) -> dict[str, Spent[None]]:
    """What working out each report of the working warehouse takes, and the floor."""
    texts = {"(floor: packs by store and item)": f"({_FLOOR})", **{name: relation_of(con, name) for name in _LIVE}}
    return {name: spent(partial(_kept, con, text)) for name, text in texts.items()}


def _kept(con: Connection, text: str) -> None:
    con.execute(f"create or replace temp table live as select * from {text}")


def update_table(found: list[MeasuredUpdate]) -> Table:
    """A row a publication; the ratio is to the first one's reports."""
    table = Table(title="Reports after few changes", title_justify="left", box=None)
    for heading in ("changed lines", "reports s", "of all anew", "in all s", "CPU s", "peak MB"):
        table.add_column(heading, justify="right")
    whole = found[0].published.result.report_seconds
    for one in found:
        took, made = one.published, one.published.result
        table.add_row(
            f"{one.changed:,}" if one.changed else "all anew",
            f"{made.report_seconds:,.2f}",
            f"{made.report_seconds / whole:.2f}",
            f"{took.seconds:,.2f}",
            f"{took.cpu:,.2f}",
            f"{took.peak_mb:,}",
        )
    return table


def live_table(found: dict[str, Spent[None]]) -> Table:
    """A row a report of the working warehouse."""
    table = Table(title="Reports of the working warehouse", title_justify="left", box=None)
    for heading in ("report", "s", "CPU s", "peak MB"):
        table.add_column(heading, justify="left" if heading == "report" else "right")
    for name, took in found.items():
        table.add_row(name, f"{took.seconds:,.2f}", f"{took.cpu:,.2f}", f"{took.peak_mb:,}")
    return table


def _main() -> None:
    """Makes a warehouse, publishes it, changes some lines and publishes again, and prints both tables."""
    parser = argparse.ArgumentParser(description="What a cycle with few changes costs reports.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, nargs="*", default=[10, 100, 1_000, 50_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = Path(place)
        with open_warehouse(folder / "working.duckdb", SCHEMA) as con:
            fill(con, options.lines)
            found = updates(con, folder / "published", options.lines, options.changes)
            console = Console(width=140)
            console.print(update_table(found))
            console.print(live_table(live(con)))


if __name__ == "__main__":
    _main()
