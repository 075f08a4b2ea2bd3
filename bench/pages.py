"""Pages of a large network beside their floor, from one run: `python -m bench.pages`.

The page held to a limit is the months-of-stock matrix of 50 stores by 300 items: under 300 ms on the server and 100 KB
on the wire. The floor of its time is the query that reads its figures; that of its size is the figures themselves.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.floors.clock import timed
from bench.networks.large_network import published_network
from dashboard.answers import answer, templates
from dashboard.links import ServedLinks
from dashboard.reader import Reader, Reading

PAGES = {
    "/stock": "select item_code, store_code, mos_months from reports.stock_on_hand",
    "/stock/list": "from reports.stock_on_hand limit 200",
    "/usage": "select item_code, month, usage_units from reports.system_usage_monthly "
    "where item_code in (select item_code from reports.items order by all limit 100)",
    "/expiry": "from reports.expiring_stock limit 200",
    "/sync": "from reports.sync_status",
    "/": "select stock_status, count(*) from reports.stock_on_hand group by all",
}
"""Pages, and the least that must be read for each."""


@dataclass(frozen=True)
class MeasuredPage:
    """One page in one round: seconds, bytes, and those of the floor."""

    path: str
    seconds: float
    floor_seconds: float
    size: int
    sent: int
    floor_size: int


def measure(reading: Reading, path: str) -> MeasuredPage:
    """A page and its floor: rendered, and sent as the server sends it."""
    page, seconds = timed(lambda: answer(reading, ServedLinks(), path, {}).body)
    figures, floor = timed(lambda: _figures(reading, PAGES[path]))
    return MeasuredPage(path, seconds, floor, len(page), len(gzip.compress(page, 5)), len(figures))


def _figures(reading: Reading, sql: str) -> bytes:
    """The last column alone, as text: what no page can do without."""
    rows = reading.con.execute(sql).fetchall()
    return " ".join(f"{row[-1]:.1f}" if isinstance(row[-1], float) else str(row[-1]) for row in rows).encode()


def page_table(rounds: list[list[MeasuredPage]]) -> Table:
    """Medians over the rounds."""
    table = Table(title="Pages beside their floor", title_justify="left", box=None)
    for heading in ("page", "ms", "floor ms", "ratio", "KB", "KB sent", "floor KB"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    for page in zip(*rounds, strict=True):
        one = page[0]
        took, floor = median(at.seconds for at in page), median(at.floor_seconds for at in page)
        sizes = [f"{size / 1000:,.1f}" for size in (one.size, one.sent, one.floor_size)]
        table.add_row(one.path, f"{took * 1000:.0f}", f"{floor * 1000:.1f}", f"{floor / took:.2f}", *sizes)
    return table


def _main() -> None:
    """Makes the network, measures, prints the table."""
    parser = argparse.ArgumentParser(description="Each page's time and size beside the floor for it.")
    parser.add_argument("--stores", type=int, default=50)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    templates()
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = Path(place)
        with published_network(folder, options.stores, options.items):
            pass
        reader = Reader(folder / "published")
        with reader.current() as reading:
            rounds = [[measure(reading, path) for path in PAGES] for _ in range(options.rounds + 1)][1:]
        reader.close()
    Console(width=100).print(page_table(rounds))


if __name__ == "__main__":
    _main()
