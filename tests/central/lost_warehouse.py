"""A network with some history, and central's own place as it was at each of its cycles, to be lost and put back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from central import decisions
from central.cycle.catch_up import catch_up
from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, deliver_last, pull_due, route_last
from central.progress import Lines, watched
from central.project import Project, load
from sync_rules.words import DecisionKind
from tests.central.killed_cycle import kill_at
from tests.central.small_network import NOW, Network, make_network, stock_line
from warehouse.connection import open_warehouse

NOT_OF_CYCLES = ("publication", "unpublished")
"""Tables of the ledger that publishing writes, and no cycle."""
POINTS = {
    "before a cycle is admitted": ("central.cycle.catch_up", "admit", "before"),
    "in its admission": ("central.cycle.admit", "transfer", "after"),
    "before it is routed": ("central.cycle.catch_up", "make_change_sets", "before"),
    "before its change sets are registered": ("warehouse.ledger.change_sets", "register", "before"),
    "before its answers are taken": ("central.cycle.catch_up", "take_deliveries", "before"),
    "while its answers are taken": ("central.cycle.deliver", "_record", "after"),
    "after it": ("central.cycle.catch_up", "_admit_again", "after"),
}
LONG = (
    "before a cycle is admitted",
    "in its admission",
    "before it is routed",
    "after it",
    "while its answers are taken",
)
"""Points between others that are tried all the same."""


@dataclass(frozen=True)
class Lived:
    """A network that has had ``cycles`` cycles; ``kept`` has the warehouse as each of them left it, by number."""

    network: Network
    kept: Path
    cycles: int

    def warehouse_of(self, cycle: int) -> Path:
        """The warehouse when that cycle was over."""
        return self.kept / f"{cycle}.duckdb"

    def place(self, folder: Path, *, cycle: int) -> Project:
        """Central's own place elsewhere, its sites left out, with the warehouse of a cycle; of none for 0."""
        project = without_warehouse(self.network.project, folder)
        if cycle:
            project.warehouse.parent.mkdir()
            shutil.copy(self.warehouse_of(cycle), project.warehouse)
        return project


def without_warehouse(project: Project, folder: Path) -> Project:
    """What central keeps, in another folder; its sites and its warehouse are left out."""
    shutil.copytree(project.folder / "data", folder / "data", ignore=shutil.ignore_patterns("warehouse"))
    shutil.copy(project.folder / "topology.toml", folder)
    return load(folder).as_wanted()


def live(folder: Path, south: str) -> Lived:
    """Cycles in which much happens that no pull holds: skipped rows, sites away, deliveries cut off, decisions."""
    network = make_network(folder / "network", "sqlite:///north.sqlite", south)
    kept = folder / "kept"
    kept.mkdir()
    for number, happens in enumerate(HISTORY, start=1):
        happens(network, number)
        shutil.copy(network.project.warehouse, kept / f"{number}.duckdb")
    return Lived(network, kept, len(HISTORY))


def _cycle(network: Network, number: int, *stages: Callable[[Asked], Any], only: list[str] | None = None) -> None:
    moment = NOW + timedelta(minutes=number)
    run_cycle(network.project, now=moment, only=only, stages=stages or (pull_due, admit_next, route_last, deliver_last))


def _first_contact(network: Network, number: int) -> None:
    _cycle(network, number)
    network.people_run("south", "alter table item add constraint program_words check (name not like '%forbidden%')")


def _edited_before_delivery(network: Network, number: int) -> None:
    """Both sites edit what is on its way to them; one has a program that refuses a part of it, and is told what central
    did not take."""
    network.people_put("central", "item", {"id": "zinc", "code": "ZINC", "name": "Zinc", "unit_id": "tablet"})
    network.people_put("central", "item", {"id": "opium", "code": "O", "name": "forbidden", "unit_id": "tablet"})
    network.people_run("central", "update item set name = 'Amoxicillin 500mg' where id = 'amoxicillin'")
    network.people_put("north", "stock_line", *(stock_line(each, "NTH") for each in range(4)))
    sent = {"id": "sent", "store_id": "NTH", "other_name_id": "name-STH", "type": "customer_invoice", "number": 2}
    network.people_put("north", "invoice", {**sent, "status": "finalised"})  # a transfer begins
    line = {"id": "sent-line", "invoice_id": "sent", "item_id": "paracetamol", "packs": 2}
    network.people_put("north", "invoice_line", line)
    network.people_run("south", "update item set name = 'Mine' where id = 'paracetamol'")

    def people_go_on(_: Asked) -> None:
        for site in ("north", "south"):
            network.people_run(site, "update item set name = 'Edited meanwhile' where id = 'amoxicillin'")

    _cycle(network, number, pull_due, admit_next, route_last, people_go_on, deliver_last)


def _north_is_away(network: Network, number: int) -> None:
    """What north left alone before is tried again only when it is back."""
    here = network.folder / "north.sqlite"
    here.rename(here.with_suffix(".away"))
    network.people_put("south", "stock_line", *(stock_line(each, "STH") for each in range(3)))
    _cycle(network, number)
    here.with_suffix(".away").rename(here)


def _cut_off_before_delivery(network: Network, number: int) -> None:
    network.people_run("north", "update stock_line set total_packs = 5 where id = 'stock-NTH-1'")
    network.people_run("north", "delete from stock_line where id = 'stock-NTH-2'")
    _cycle(network, number, pull_due, admit_next, route_last)


def _cut_off_before_routing(network: Network, number: int) -> None:
    network.people_run("central", "delete from item where id = 'zinc'")
    _cycle(network, number, pull_due, admit_next)


def _decided(network: Network, number: int) -> None:
    """An operator decides, topology.toml changes, and one site is synchronised alone."""
    [(entry,)] = network.warehouse("select max(id) from ledger.quarantine where record_id = 'paracetamol'")
    decisions.write_decision(network.project.pulls, DecisionKind.DISCARD, "south", reason="no", now=NOW,
                             decided_by="us", entry=entry)  # fmt: skip
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace('collector_on = ["south"]', "collector_on = []"))
    _cycle(network, number, only=["south"])


def _tried_again(network: Network, number: int) -> None:
    """Deliveries run twice, as when somebody runs that step of Dagster's again."""
    network.people_run("central", "update item set name = 'Last' where id = 'amoxicillin'")
    here = network.folder / "north.sqlite"

    def away(_: Asked) -> None:
        here.rename(here.with_suffix(".away"))

    def back(_: Asked) -> None:
        here.with_suffix(".away").rename(here)

    _cycle(network, number, pull_due, admit_next, route_last, away, deliver_last, back, deliver_last)


HISTORY = (
    _first_contact,
    _edited_before_delivery,
    _north_is_away,
    _cut_off_before_delivery,
    _cut_off_before_routing,
    _decided,
    _tried_again,
)


def caught_up(project: Project) -> list[str]:
    """Catches up; what is told of it."""
    told: list[str] = []
    with watched(Lines(told.append)), open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
    return told


def killed_catch_up(folder: str, point: str) -> None:
    """The same, killed at ``point``."""
    kill_at(*POINTS[point])
    caught_up(load(Path(folder)))


def all_rows(warehouse: Path) -> dict[str, list[tuple[str, ...]]]:
    """Every row that cycles wrote, of the ledger and of the replicas, as text."""
    with _read(warehouse) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('ledger', 'replica')"
        ).fetchall()
        return {
            f"{schema}.{table}": sorted(
                tuple(map(str, row)) for row in con.execute(f'select * from {schema}."{table}"').fetchall()
            )
            for schema, table in tables
            if table not in NOT_OF_CYCLES
        }


def differing(project: Project, folder: Path) -> list[str]:
    """The tables of the warehouse that are others when it is made again, elsewhere, from what is kept of its cycles."""
    again = without_warehouse(project, folder)
    caught_up(again)
    before, after = all_rows(project.warehouse), all_rows(again.warehouse)
    return [table for table in before if before[table] != after[table]]


@contextmanager
def _read(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(warehouse))
    try:
        con.execute("set TimeZone = 'UTC'")
        yield con
    finally:
        con.close()
