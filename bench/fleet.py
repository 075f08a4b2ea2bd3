"""A fleet of small sites, their pulls generated: what a cycle at central costs as sites become more.

No site's database is made: pulls are landed as sites would land them, and change sets count as applied once they are
made. What is measured is central's own work (judge and merge, transfers, route, emit), in cycles of four kinds: first
contact, nobody changed anything, two rows changed at each site, one item changed at primary. The floor beside it is
DuckDB reading the same landed files and appending their rows. Run it with `python -m bench.fleet --sites 400 4000`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest import mock

import polars as pl
from rich.console import Console
from rich.table import Table

from bench.floors.clock import peak_mb, reset_peak, timed
from bench.networks.network import MADE_AT
from central import cycle_file
from central.cycle.admit import admit
from central.cycle.route import make_change_sets
from central.cycle_file import Cycle, Pulled
from central.project import Project, load
from sites.schema import SCHEMA
from sync_rules.words import Identity
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger.cycles import mark_routed
from wire.frames import PulledChange
from wire.landed_pull import Pull, land

_DISTRICT = 20
"""So many stores see one of them, their depot, which sees them."""
_ITEMS = 100
_MET_AT_ONCE = 4000
"""Each store's record goes to each site: more sites are not met in one cycle, and their first change sets not made."""
Rows = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class MeasuredCycle:
    """One cycle of a fleet: what was pulled and sent, the seconds of its parts, and the memory of the process then."""

    sites: int
    kind: str
    rows: int
    sent: int | None  # None: not routed
    admit: float
    route: float
    cpu: float
    floor: float
    peak_mb: int


def topology(sites: int) -> str:
    """Central and so many sites, with a store each."""
    text = ['[network]\ncentral = "central"\n\n[[site]]\nid = 1\ncode = "central"\ndatabase = "sqlite:///c.sqlite"\n']
    for n in range(2, sites + 2):
        text.append(f'\n[[site]]\nid = {n}\ncode = "s{n}"\ndatabase = "sqlite:///s{n}.sqlite"\n')
    text += [f'\n[[store]]\ncode = "S{n}"\nactive_on = "s{n}"\n' for n in range(2, sites + 2)]
    return "".join(text)


def central_rows(sites: int) -> Rows:
    """Items, stores, and who sees whom."""
    n = pl.int_range(2, sites + 2, eager=True).alias("n")
    depot = 2 + (n - 2) // _DISTRICT * _DISTRICT
    pairs = pl.DataFrame({"one": n, "depot": depot}).filter(pl.col("one") != pl.col("depot"))
    both = pl.concat([pairs, pairs.select(one="depot", depot="one")])
    return {
        "unit": typed("unit", pl.DataFrame({"id": ["u"], "name": ["tablet"]})),
        "item": _items(""),
        "name": typed("name", n.to_frame().select(*_named("n"), name=pl.format("Store {}", "n"))),
        "store": typed("store", n.to_frame().select(
            pl.format("st{}", "n").alias("id"), code=pl.format("S{}", "n"), name_id=pl.format("n{}", "n"),
            mode=pl.lit("store"))),
        "name_store_join": typed("name_store_join", both.select(
            pl.format("v{}-{}", "one", "depot").alias("id"), name_id=pl.format("n{}", "depot"),
            store_id=pl.format("st{}", "one"))),
    }  # fmt: skip


def _named(column: str) -> tuple[pl.Expr, ...]:
    return pl.format("n{}", column).alias("id"), pl.format("S{}", column).alias("code")


def _items(renamed: str) -> pl.DataFrame:
    n = pl.int_range(_ITEMS, eager=True).alias("n").to_frame()
    return typed("item", n.select(pl.format("item-{}", "n").alias("id"), code=pl.format("I{}", "n"),
                                   name=pl.format("Item {}" + renamed, "n"), unit_id=pl.lit("u")))  # fmt: skip


def site_rows(n: int, edit: int) -> Rows:
    """A line of stock and a document of one site, as they are after so many edits."""
    stock = {"id": [f"sl{n}"], "store_id": [f"st{n}"], "item_id": ["item-1"], "pack_size": [100],
             "total_packs": [50 + edit], "available_packs": [50]}  # fmt: skip
    paper = {"id": [f"inv{n}"], "store_id": [f"st{n}"], "type": ["customer_invoice"], "status": ["finalised"],
             "number": [1 + edit]}  # fmt: skip
    return {"invoice": typed("invoice", pl.DataFrame(paper)), "stock_line": typed("stock_line", pl.DataFrame(stock))}


def typed(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with all columns of the table, in their types."""
    kinds = SCHEMA.frame_schema(table)
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in kinds.items()
    )


def landed(project: Project, site: int, number: int, rows: Rows) -> Pulled:
    """A pull of a site for a cycle, as the site would land it."""
    changes = PulledChange.check(pl.concat([PulledChange.empty(), *(
        PulledChange.check(frame.select(
            table_name=pl.lit(table), record_id="id", op=pl.lit("upsert"),
            position=pl.int_range(pl.len()).cast(pl.Int64) + 1000 * number, is_snapshot=pl.lit(number == 1),
            malformed=pl.lit(None, pl.String)))
        for table, frame in rows.items())]))  # fmt: skip
    code = "central" if site == 1 else f"s{site}"
    since = None if number == 1 else f"b{number - 1}"
    pull = Pull(Identity(site, code, f"uuid-{site}", 1), "", since, f"b{number}", MADE_AT, None, changes, rows)
    path = land(pull, project.pulls, cycle=number)
    return Pulled(site, str(path.relative_to(project.pulls)), changes.height, 0.01, MADE_AT.isoformat())


def entered(project: Project, number: int, pulled: tuple[Pulled, ...]) -> Cycle:
    """The cycle of these pulls, as its file says."""
    cycle = Cycle(number, MADE_AT + timedelta(hours=number), project.topology_text, pulled, (), "bench")
    cycle_file.write(project.pulls, cycle)
    return cycle


def _all_applied(con: Connection) -> None:
    """Whoever was to be sent something has it, as if it had been delivered and read again."""
    with transaction(con):
        mark_routed(con)
        con.execute("update ledger.site set position = (select last_seq from ledger.counter) "
                    "where bookmark is not null")  # fmt: skip
        con.execute("update ledger.change_set set state = 'applied'")


def cycles_of(folder: Path, sites: int) -> Iterator[MeasuredCycle]:
    """The four kinds of cycle of a fleet made in ``folder``."""
    folder.mkdir(parents=True)
    (folder / "topology.toml").write_text(topology(sites), encoding="utf-8")
    project = load(folder)
    every = range(2, sites + 2)
    renamed = {"item": _items(" (renamed)").filter(pl.col("id") == "item-1")}
    kinds: tuple[tuple[str, Rows, int | None], ...] = (
        ("first contact", central_rows(sites), 0),
        ("idle", {}, None),
        ("two rows a site", {}, 1),
        ("one item", renamed, None),
    )
    for number, (kind, at_central, edit) in enumerate(kinds, start=1):
        with mock.patch("wire.folders.flush"), mock.patch("wire.folders.flush_tree"):  # making them is not measured
            pulled = (
                landed(project, 1, number, at_central),
                *(landed(project, n, number, {} if edit is None else site_rows(n, edit)) for n in every),
            )
        yield measured_cycle(project, entered(project, number, pulled), kind, sites)


def measured_cycle(project: Project, cycle: Cycle, kind: str, sites: int) -> MeasuredCycle:
    """What admitting and routing a cycle takes, and DuckDB appending its rows; then all counts as applied."""
    reset_peak()
    with open_warehouse(project.warehouse, project.schema) as con:
        cpu = time.process_time()
        _, admitting = timed(partial(admit, con, project, cycle))
        is_routed = kind != "first contact" or sites <= _MET_AT_ONCE
        sent, routing = timed(partial(_routed, con, project, cycle)) if is_routed else (None, 0.0)
        cpu, peak = time.process_time() - cpu, peak_mb()
        _all_applied(con)
        _, floor = timed(partial(_append, con, project, cycle))
    rows = sum(one.rows for one in cycle.pulled)
    return MeasuredCycle(sites, kind, rows, sent, admitting, routing, cpu, floor, peak)


def _routed(con: Connection, project: Project, cycle: Cycle) -> int:
    return int(make_change_sets(con, project, cycle)["upserts"].sum())


def _append(con: Connection, project: Project, cycle: Cycle) -> None:
    files = [str(file) for one in cycle.pulled if one.rows
             for file in (project.pulls / one.path / "rows").iterdir()]  # fmt: skip
    by_table: dict[str, list[str]] = {}
    for file in files:
        by_table.setdefault(Path(file).name, []).append(file)
    for paths in by_table.values():
        con.execute("create temp table appended as select * from read_parquet(?)", [paths])
        con.execute("drop table appended")


def fleet_table(found: list[MeasuredCycle], title: str = "A cycle at central, by how many sites") -> Table:
    """A row a cycle."""
    table = Table(title=title, title_justify="left", box=None)
    for heading in ("sites", "cycle", "rows", "sent", "admit s", "route s", "CPU s", "floor s", "ratio", "peak MB"):
        table.add_column(heading, justify="left" if heading == "cycle" else "right")
    for one in found:
        ratio = f"{one.floor / (one.admit + one.route):.3f}" if one.rows else ""
        seconds = (f"{each:.2f}" for each in (one.admit, one.route, one.cpu, one.floor))
        sent = "not routed" if one.sent is None else f"{one.sent:,}"
        table.add_row(f"{one.sites:,}", one.kind, f"{one.rows:,}", sent, *seconds, ratio, f"{one.peak_mb:,}")
    return table


def _main() -> None:
    """Measures each size in a process of its own, for its memory, and prints the table."""
    parser = argparse.ArgumentParser(description="A cycle at central of a fleet of small sites.")
    parser.add_argument("--sites", type=int, nargs="+", default=[400, 4000])
    options = parser.parse_args()
    if len(options.sites) > 1:
        for sites in options.sites:
            subprocess.run([sys.executable, "-m", "bench.fleet", "--sites", str(sites)], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        found = list(cycles_of(Path(place) / "fleet", options.sites[0]))
    Console(width=120).print(fleet_table(found))


if __name__ == "__main__":
    _main()
