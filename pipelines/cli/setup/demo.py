"""`demo` and `simulate`: the demo network, and people who work in it."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from central.project import Project
from demo.network.postgres import is_running
from demo.people.simulate import DemoSite, SimulationReport
from demo.people.simulate import simulate as simulate_work
from pipelines.cli.look.dashboard import PORT
from pipelines.cli.operate.sync import show_visits, status
from pipelines.cli.setup.demo_transfers import Story, on_the_way, show_stories, transfer_stories
from pipelines.cli.setup.init import make_demo
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import rows_of, show_table, talk
from sites.engines.connection import open_site
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views

_FEW_ITEMS = 5


@click.command()
@click.option("--days", default=1, show_default=True, type=click.IntRange(min=1), help="Days of work, up to now.")
@click.option("--seed", default=1, show_default=True, help="The same seed does the same work.")
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(min=0), help="Times an ordinary day's work."
)
@in_folder
def simulate(days: int, seed: int, scale: float, folder: Path) -> None:
    """Let people work at the sites of a demo network: receipts, issues, stocktakes, and a few mistakes.

    \b
    Example: supplysync simulate -C demo-network --days 3
    """
    if not (folder / "postgres").exists():
        raise click.UsageError(
            f"`{folder}` is no demo network (`supplysync init --demo`): nobody pretends to work there"
        )
    with project(folder) as loaded:
        show_work(work(loaded, days=days, seed=seed, scale=scale))


def work(loaded: Project, *, days: int, seed: int, scale: float) -> SimulationReport:
    """Work at all sites, done in a process of its own (B1)."""
    stores = loaded.topology.stores
    sites = [
        DemoSite(
            site.code,
            loaded.database_url(site),
            tuple(store.code for store in stores if store.active_on == site.code),
            loaded.folder,
            is_primary=site.code == loaded.topology.primary,
        )
        for site in loaded.topology.sites
        if site.is_enabled
    ]
    with multiprocessing.get_context("spawn").Pool(1) as people:
        return people.apply(_work, (sites, days, seed, scale, datetime.now(UTC)))


def _work(sites: Sequence[DemoSite], days: int, seed: int, scale: float, now: datetime) -> SimulationReport:
    return simulate_work(sites, days=days, seed=seed, scale=scale, now=now)


def show_work(report: SimulationReport) -> None:
    """What people did, a row a site."""
    rows = [
        {
            "site": one.site_code,
            "done": ", ".join(f"{count} {what}" for what, count in one.done.items()),
            "problem": one.problem,
        }
        for one in report.sites
    ]
    show_table("People's work", {"site": "site", "done": "done", "problem": "problem"}, rows)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def demo(context: click.Context, folder: Path) -> None:
    """Make a demo network anew in FOLDER and show a few cycles of it: work, a site that is down, and back.

    \b
    Example: supplysync demo demo-network
    """
    from pipelines.dagster_run import run_sync  # Dagster is slow to load and no other command needs it

    if folder.exists() and not (folder / "topology.toml").exists():
        raise click.UsageError(f"`{folder}` is not a project folder; choose a new one")
    _remove(folder)

    def step(text: str) -> None:
        talk.print(f"\n[bold cyan]{text}[/]")

    def cycle(loaded: Project) -> None:
        run_sync(loaded, [], tell=lambda line: talk.print(f"  {line}", style="dim", markup=False))
        show_visits(loaded, as_json=False)

    step("1. Eight sites with a year of work: seven SQLite databases, one PostgreSQL")
    folder.mkdir(parents=True)
    make_demo(folder, seed=1)
    with project(folder) as loaded:
        step("2. First contact: every site's own rows come in, and each is sent what it lacks")
        cycle(loaded)
        _show_golden(loaded)
        step("3. People go on working, some of them where they may not")
        show_work(work(loaded, days=2, seed=1, scale=1.0))
        cycle(loaded)
        step("4. The plug is pulled at `northern`: the others go on")
        away = loaded.folder / "sites" / "northern.sqlite.away"
        database = away.with_suffix("")
        database.rename(away)
        show_work(work(loaded, days=1, seed=2, scale=1.0))
        cycle(loaded)
        _show_held_up(loaded, "northern")
        step("5. `northern` is back, with what happened there meanwhile; clerks take in what other stores sent")
        away.rename(database)
        show_work(work(loaded, days=1, seed=3, scale=1.0))
        cycle(loaded)
        step("6. One more cycle: corrections arrive, and the numbers that sites gave come back")
        cycle(loaded)
        _show_stock(loaded)
        with open_warehouse(loaded.warehouse, loaded.schema) as con:
            told = transfer_stories(con)
            patient = _patient_of_two(con)
    context.invoke(status, fail_on=(), folder=folder, as_json=False)
    show_stories(told)
    _say_where(folder, patient, told)


def _remove(folder: Path) -> None:
    """The folder of an earlier demo, and the data of its PostgreSQL, which may be elsewhere."""
    data = folder / "postgres"
    if is_running(data):
        raise click.UsageError(f"something still works in `{folder}`, `supplysync dev` perhaps; stop it first")
    if data.exists():
        shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _show_golden(loaded: Project) -> None:
    """What stores A to F are on central and the two remotes, read from the databases of those sites.

    Shown before anybody works: who deals with a store is given it as a transfer instance, seen or not (B23).
    """
    rows: dict[str, dict[str, str]] = {code: {"store": code} for code in "ABCDEF"}
    for code in ("central", "remote_1", "remote_2"):
        with open_site(loaded.database_url(loaded.topology.site(code)), loaded.folder) as db:
            found = db.execute("select s.code, v.sync_type from store_site as v join store as s on s.id = v.store_id")
        for store, sync_type in found:
            if store in rows:
                rows[store][code] = sync_type
    for row in rows.values():
        for code in ("central", "remote_1", "remote_2"):
            row.setdefault(code, "none")
    columns = {"store": "store", "central": "central", "remote_1": "remote 1", "remote_2": "remote 2"}
    show_table("\nThe stores A to F, as each site's own database has them", columns, list(rows.values()))


def _show_held_up(loaded: Project, site_code: str) -> None:
    stores = [store.code for store in loaded.topology.stores if store.active_on == site_code]
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        count = on_the_way(con, stores)
    if count:
        said = f"documents of other stores for {' and '.join(stores)} that wait until `{site_code}` is back: {count}"
        talk.print(said, markup=False)


def _show_stock(loaded: Project) -> None:
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        frame = views.read(con, "stock_on_hand")
    stocked = frame.filter(pl.col("soh_units") > 0)
    widest = stocked.group_by("item_code").len().sort(["len", "item_code"], descending=[True, False])
    few = widest.head(_FEW_ITEMS)["item_code"].sort()
    item = pl.concat_str("item_name", pl.lit(", "), "unit_name").alias("item")
    shown = frame.filter(pl.col("item_code").is_in(few.implode())).with_columns(item)
    table = shown.sort("store_code").pivot("store_code", index="item", values="soh_units", aggregate_function="first")
    columns = {name: name for name in table.columns}
    show_table("\nUnits on hand of a few items at each store, from the warehouse", columns, rows_of(table.sort("item")))


def _patient_of_two(con: Connection) -> str:
    """A patient who is visible in more than one dispensary, where there is one."""
    rows = con.execute(
        "select patient_id from replica.patient_store_join group by all order by count(*) desc, patient_id limit 1"
    ).fetchall()
    return str(rows[0][0])


def _say_where(folder: Path, patient: str, told: Sequence[Story]) -> None:
    of_transfer = "".join(
        f"""
  supplysync explain -C {folder} {story.table} {story.record_id}
                                                               the story of that {story.kind}, from either document"""
        for story in told[:1]
    )
    talk.print(f"""
[bold]Pages to open[/], after: supplysync dashboard -C {folder}
  http://127.0.0.1:{PORT}/                                       what needs action; every number leads to its list
  http://127.0.0.1:{PORT}/stock                                  months of stock, every item at every store
  http://127.0.0.1:{PORT}/sync                                   each site, the longest silence first
  http://127.0.0.1:{PORT}/expiry                                 what expires, and how much of it nobody will use
  http://127.0.0.1:{PORT}/transfers                              what is under way between stores

[bold]Where to look[/]
  supplysync dev -C {folder}                                   Dagster: runs, assets, one partition a site
  supplysync status -C {folder}                                the sync report
  supplysync rejected list -C {folder}                         changes that were not admitted
  supplysync explain -C {folder} patient {patient}
                                                               where a patient's record is, why, and who may edit it
  supplysync transfers list -C {folder}                        what is under way between stores, and why{of_transfer}
  supplysync report stock_on_hand -C {folder} --store A        a report; -o stock.xlsx writes it as a file
  {folder}/published/current.duckdb                            for SQL, Python, R, Power BI: docs/analysts.md
  supplysync warehouse sql -C {folder} "from replica.item"     any read-only query
(`supplysync` is in .venv/bin)""")


COMMANDS = [simulate, demo]
