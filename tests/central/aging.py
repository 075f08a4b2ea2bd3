"""A network that grows old in days, with a retention of few of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from central.cycle.run import run_cycle
from central.cycle.stages import UP_TO_SITES, prune_last
from central.project import load
from tests.central.copies import kept_open
from tests.central.killed_cycle import kill_at
from tests.central.small_network import NOW, Network, make_network, stock_line

RETENTION = """
[retention]
pulls_days = 4
site_log_days = 2
site_answers_days = 3
closed_days = 6
bookmarks_days = 1
away_days = 5
"""
POINTS = {
    "before the ledger forgot": ("central.cycle.cursors", "forget_past", "before"),
    "after the ledger forgot, before its commit": ("central.cycle.cursors", "forget_past", "after"),
    "before a site forgot": ("central.visits.visit", "forget_old", "before"),
    "after a site forgot": ("central.visits.visit", "forget_old", "after"),
    "before files go": ("central.cycle.stages", "remove_files", "before"),
    "before folders are taken apart": ("central.retention.old_files", "_take_apart", "before"),
    "after files went": ("central.cycle.stages", "remove_files", "after"),
}


def day(number: int, hour: int = 0) -> datetime:
    """The time of a cycle."""
    return NOW + timedelta(days=number, hours=hour)


def make_old(folder: Path, south: str) -> Network:
    """The network after its first cycle, with a retention of days."""
    network = make_network(folder, "sqlite:///north.sqlite", south)
    with (folder / "topology.toml").open("a") as file:
        file.write(RETENTION)
    cycle(network, 0)
    return network


def cycle(network: Network, number: int, hour: int = 0, *, only: list[str] | None = None, **how: Any) -> None:
    """A cycle of a day, of all sites or of some."""
    run_cycle(
        load(network.folder).as_wanted(), now=day(number, hour), only=only, stages=(*UP_TO_SITES, prune_last), **how
    )


def grow_old(network: Network, first: int, last: int, *, only: list[str] | None = None) -> None:
    """Two cycles a day, while people work: rows are edited, made and deleted, an edit is refused."""
    with kept_open(network.project.warehouse):
        for number in range(first, last + 1):
            work(network, number)
            cycle(network, number, only=only)
            network.people_put("north", "stock_line", stock_line(2, "NTH", number + 100))
            cycle(network, number, 6, only=only)


def work(network: Network, number: int) -> None:
    """What people do on a day."""
    network.people_put("north", "stock_line", stock_line(0, "NTH", number), stock_line(1000 + number, "NTH"))
    network.people_run("north", "delete from stock_line where id = ?", f"stock-NTH-{1000 + number - 2}")
    network.people_put("south", "stock_line", stock_line(0, "STH", number))
    network.people_run("south", "update item set name = ? where id = 'paracetamol'", f"mine {number}")  # refused
    network.people_run("central", "update item set name = ? where id = 'amoxicillin'", f"name {number}")
    network.people_put(
        "central", "item", {"id": f"item-{number}", "code": f"I{number}", "name": "", "unit_id": "tablet"}
    )
    network.people_run("central", "delete from item where id = ?", f"item-{number - 3}")


def killed_day(folder: str, number: str, point: str) -> None:
    """The first cycle of a day, killed at ``point``."""
    network = Network(Path(folder), {})
    kill_at(*POINTS[point])
    cycle(network, int(number))
