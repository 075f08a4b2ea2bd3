"""`sync`: running cycles."""

from __future__ import annotations

import time
from pathlib import Path

import click

from central.project import Project, chosen_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, talk
from pipelines.cli.speech.visits import show_visits
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle


@command()
@click.argument("sites", nargs=-1)
@click.option("--watch", is_flag=True, help="Go on, a cycle a minute, until stopped.")
@in_folder
@as_json
def sync(sites: tuple[str, ...], watch: bool, folder: Path, as_json: bool) -> int:
    """Run one cycle over all enabled sites, or over SITES, as a Dagster run.

    \b
    Example: supplysync sync -C demo-network
             supplysync sync clinic_1
    """
    from pipelines.dagster_run import run_sync  # Dagster is slow to load and no other command needs it

    with project(folder) as loaded:
        chosen = [site.code for site in chosen_sites(loaded, sites or None)] if sites else []
        while True:
            before = _last_cycle(loaded)
            succeeded = run_sync(loaded, chosen, tell=lambda line: talk.print(f"  {line}", style="dim", markup=False))
            if _last_cycle(loaded) == before:
                raise click.ClickException("no cycle was admitted; what went wrong is above, and in Dagster's pages")
            show_visits(loaded, as_json)
            if not watch:
                return 0 if succeeded else 1
            time.sleep(60)


def _last_cycle(loaded: Project) -> int:
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        return last_cycle(con)
