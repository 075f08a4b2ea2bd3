"""Each stage's rows per second beside the machine's limit for it, from one run: `python -m bench.stages`.

Ratios are what counts: both figures come from the same run, so a busy machine slows both.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.floors import limits
from bench.floors.clock import Spent, spent
from bench.networks import network
from central.cycle import admit as admission
from central.cycle import pull as pulling
from central.cycle import route as routing
from central.cycle.run import run_cycle
from central.cycle.stages import UP_TO_SITES
from central.project import Project
from central.verification.verification import verify_site
from central.visits.known import known_of
from demo.network.postgres import PostgresServer
from sites.capture import identity, triggers
from sites.deliver import deliver
from sites.engines.connection import open_site
from sites.pull import pull as change_log
from sync_rules import egress
from sync_rules.words import Identity
from warehouse.connection import open_warehouse
from warehouse.ledger.sites import known_sites
from wire import change_set, landed_pull


@dataclass(frozen=True)
class MeasuredStage:
    """One stage in one round."""

    stage: str
    limit: str
    rows: int
    spent: Spent[Any]
    limit_seconds: float


def one_round(server: PostgresServer, lines: int, number: int) -> list[MeasuredStage]:
    """Every stage once, over a network of its own."""
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = Path(place)
        project = network.make_network(folder / "network", server.create_database(f"bench_{number}"), lines)
        return [*_pulls(project, folder, lines), *_cycle(project, folder), *_verified(project)]


def _pulls(project: Project, folder: Path, lines: int) -> list[MeasuredStage]:
    """A first contact of each engine, landed."""
    return [
        _first_contact(project, folder, lines, "lite", "SQLite reading the same rows", limits.scan_sqlite),
        _first_contact(project, folder, lines, "server", "PostgreSQL's binary COPY to nowhere", limits.copy_postgresql),
    ]


def _first_contact(
    project: Project, folder: Path, lines: int, code: str, named: str, limit: Callable[[str, Path], float]
) -> MeasuredStage:
    site = project.topology.site(code)
    url = project.database_url(site)
    with open_site(url, project.folder) as db:
        own = identity.claim(db, site.id, code, database_uuid=f"bench-{code}")

        def pull() -> Path:
            found = change_log.pull(
                db,
                identity_expected=(site.id, own.database_uuid),
                since=None,
                schema=project.schema,
                leaving=egress.leaving(egress.NOTHING, egress.NOTHING, from_primary=False, here=frozenset()),
                now=network.MADE_AT,
            )
            return landed_pull.land(found, folder / "landed", cycle=1)

        took = spent(pull)
    return MeasuredStage(f"pull, {code}", named, lines + lines // 10, took, limit(url, project.folder))


def _cycle(project: Project, folder: Path) -> list[MeasuredStage]:
    cycle = pulling.pull_sites(project, now=network.MADE_AT, asked_by="bench")
    rows = sum(one.rows for one in cycle.pulled)
    parquet = [project.pulls / one.path / "rows" / "invoice_line.parquet" for one in cycle.pulled]
    with open_warehouse(project.warehouse, project.schema) as con:
        admit = spent(lambda: admission.admit(con, project, cycle))
        route = spent(lambda: routing.make_change_sets(con, project, cycle))
        made = route.result
        known = known_sites(con)
    sent = int(made["upserts"].sum())
    append = limits.append_duckdb([path for path in parquet if path.exists()], folder)
    found = [
        MeasuredStage("admit: judge and merge", "DuckDB appending the same rows", rows, admit, append),
        MeasuredStage("route and write change sets", "DuckDB writing one Parquet", sent, route,
                 limits.copy_duckdb(project.warehouse, folder)),
    ]  # fmt: skip
    for site, store in (("lite", "SERVER"), ("server", "LITE")):
        site_id = project.topology.site(site).id
        [path] = made.filter(made["site_id"] == site_id)["path"]
        held = known[site_id]
        found.append(_delivery(project, site, store, path, held.bookmark or "", held.identity))
    return found


def _delivery(project: Project, site: str, store: str, path: str, bookmark: str, own: Identity | None) -> MeasuredStage:
    url = project.database_url(project.topology.site(site))
    sent = change_set.read_change_set(project.change_sets / path)
    assert own is not None
    with open_site(url, project.folder) as db:
        took = spent(
            lambda: deliver.deliver(db, sent, schema=project.schema, pulled=bookmark, expected=own, now=network.MADE_AT)
        )
        [(rows,)] = db.execute(f"select count(*) from invoice_line where id like '{store}-%'")
    limit = limits.upsert_in_place(url, project.folder, store)
    return MeasuredStage(f"deliver, {site}", "the engine upserting rows it has already", rows, took, limit)


def _verified(project: Project) -> list[MeasuredStage]:
    """Both sites compared with central, once all was delivered; the floor reads the same lines plainly."""
    for one in project.topology.sites:  # a floor above took capture away: tables are read whole once
        with open_site(project.database_url(one), project.folder) as db:
            triggers.install(db, project.schema)
    for _ in range(2):
        run_cycle(project, now=network.MADE_AT, stages=UP_TO_SITES)
    found = []
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_of(con, project)
        for code, named, limit in (
            ("lite", "SQLite reading the same lines", limits.scan_sqlite),
            ("server", "PostgreSQL's binary COPY to nowhere", limits.copy_postgresql),
        ):
            site = project.topology.site(code)
            took = spent(partial(verify_site, con, project, known, site, {"invoice_line"}))
            compared = took.result
            if compared.said or compared.differences.height or not compared.records:
                raise RuntimeError(f"{code}: {compared.said or compared.differences}")
            floor = limit(project.database_url(site), project.folder)
            found.append(MeasuredStage(f"verify, {code}", named, compared.records, took, floor))
    return found


def stage_table(rounds: list[list[MeasuredStage]]) -> Table:
    """Medians over the rounds: rows a second, the limit's, and their ratio."""
    table = Table(title="Stages beside the machine's limit", title_justify="left", box=None)
    headings = ("stage", "rows", "k rows/s", "limit k rows/s", "ratio", "CPU s", "peak MB", "what the limit is")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("stage", "what the limit is") else "right")
    for stage in zip(*rounds, strict=True):
        first = stage[0]
        speed = median(one.rows / one.spent.seconds for one in stage) / 1000
        limit = median(one.rows / one.limit_seconds for one in stage) / 1000
        ratio = median(one.limit_seconds / one.spent.seconds for one in stage)
        figures = f"{first.rows:,}", f"{speed:,.0f}", f"{limit:,.0f}", f"{ratio:.2f}"
        cpu, peak = median(one.spent.cpu for one in stage), max(one.spent.peak_mb for one in stage)
        table.add_row(first.stage, *figures, f"{cpu:.2f}", f"{peak:,}", first.limit)
    return table


def _main() -> None:
    """Runs the rounds and prints the table."""
    parser = argparse.ArgumentParser(description="Each stage's speed beside the machine's limit for it.")
    parser.add_argument("--lines", type=int, default=200_000, help="document lines at each of the two sites")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with PostgresServer() as server:
        rounds = [one_round(server, options.lines, number) for number in range(options.rounds)]
    Console(width=140).print(stage_table(rounds))


if __name__ == "__main__":
    _main()
