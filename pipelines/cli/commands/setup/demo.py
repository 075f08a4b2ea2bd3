"""`demo`: a demo network made anew, and a few cycles of it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from central.project import Project
from demo.network.postgres_process import is_running
from pipelines.cli.commands.inspect.stores import stores
from pipelines.cli.commands.operate.moves import list_moves
from pipelines.cli.commands.operate.status import status
from pipelines.cli.commands.setup.apply import apply
from pipelines.cli.demo_network.figures import patient_of_two, show_held_up, show_stock, show_stores
from pipelines.cli.demo_network.guide import say_where
from pipelines.cli.demo_network.move import MOVED, NEW_SITE, OLD_SITE, SILENT_SITE, ask_for_move
from pipelines.cli.demo_network.network import make_demo
from pipelines.cli.demo_network.people import show_work, work
from pipelines.cli.demo_network.transfers import example_transfers, show_example_transfers
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import project
from pipelines.cli.speech.output import bold, talk
from pipelines.cli.speech.progress import progress_shown
from pipelines.cli.speech.visits import show_visits
from pipelines.cli.what_ran import then
from warehouse.connection import open_warehouse


@command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def demo(context: click.Context, folder: Path) -> None:
    """Make a demo network anew in FOLDER and show a few cycles of it: work, a site that is down, and back.

    \b
    Example: supplysync demo demo-network
    """
    if folder.exists() and not (folder / "topology.toml").exists():
        raise click.UsageError(f"`{folder}` is not a project folder; choose a new one")
    _remove(folder)
    _step("1. Eight sites with a year of work: seven SQLite databases, one PostgreSQL")
    folder.mkdir(parents=True)
    make_demo(folder, seed=1)
    with project(folder) as loaded:
        _play(loaded)
        _move(context, loaded)
        with open_warehouse(loaded.warehouse, loaded.schema) as con:
            told = example_transfers(con)
            patient = patient_of_two(con)
    context.invoke(status, fail_on=(), folder=folder, as_json=False)
    show_example_transfers(told)
    say_where(folder, patient, told)
    then(f"dashboard -C {shlex.quote(str(folder))}")


def _remove(folder: Path) -> None:
    """The folder of an earlier demo, and the data of its PostgreSQL, which may be elsewhere."""
    data = folder / "postgres"
    if is_running(data):
        raise click.UsageError(f"something still works in `{folder}`, `supplysync dev` perhaps; stop it first")
    if data.exists():
        shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _play(loaded: Project) -> None:
    """Cycles over the network, with people at work between them and one site away for a while."""
    _step("2. First contact: every site's own rows come in, and each is sent what it lacks")
    _cycle(loaded)
    show_stores(loaded)
    _step("3. People go on working, some of them where they may not")
    show_work(work(loaded, days=2, seed=1, scale=1.0))
    _cycle(loaded)
    _step("4. The plug is pulled at `northern`: the others go on")
    with _away(loaded, "northern"):
        show_work(work(loaded, days=1, seed=2, scale=1.0))
        _cycle(loaded)
        show_held_up(loaded, "northern")
        _step("5. `northern` is back, with what happened there meanwhile; clerks take in what other stores sent")
    show_work(work(loaded, days=1, seed=3, scale=1.0))
    _cycle(loaded)
    _step("6. One more cycle: corrections arrive, and the numbers that sites gave come back")
    _cycle(loaded)
    show_stock(loaded)


def _move(context: click.Context, loaded: Project) -> None:
    """A store goes to another site, while its own is away."""
    _step(f"7. Store {MOVED} moves from `{OLD_SITE}` to `{NEW_SITE}`: what that means, and it is applied")
    ask_for_move(loaded.folder)
    context.invoke(apply, file=None, yes=True, forced=(), folder=loaded.folder, as_json=False)
    with _away(loaded, OLD_SITE):
        _step(f"8. `{OLD_SITE}` is away: the store stays there, and nothing is taken from it")
        _cycle(loaded)
        context.invoke(list_moves, all_states=False, folder=loaded.folder, as_json=False)
    _step(f"9. It is back, and hands the store over; `{NEW_SITE}` has everything before the store is active there")
    for _ in range(3):
        _cycle(loaded)
        context.invoke(list_moves, all_states=True, folder=loaded.folder, as_json=False)
    _step(f"10. `{SILENT_SITE}` does not answer: its figures stay those of its last pull, and pages say so")
    with _away(loaded, SILENT_SITE):
        show_work(work(loaded, days=1, seed=4, scale=1.0))
        _cycle(loaded)
    context.invoke(list_moves, all_states=True, folder=loaded.folder, as_json=False)
    context.invoke(stores, stores=(MOVED,), folder=loaded.folder, as_json=False)


@contextmanager
def _away(loaded: Project, site_code: str) -> Iterator[None]:
    """The database of a site is not where central looks for it."""
    database = loaded.folder / "sites" / f"{site_code}.sqlite"
    away = database.with_suffix(".sqlite.away")
    database.rename(away)
    try:
        yield
    finally:
        away.rename(database)


def _step(text: str) -> None:
    talk.print(bold(text, before="\n", style="bold cyan"))


def _cycle(loaded: Project) -> None:
    from pipelines.dagster_run import run_sync  # Dagster is slow to load and few commands need it

    with progress_shown():
        run_sync(loaded, [])
    show_visits(loaded, as_json=False)
