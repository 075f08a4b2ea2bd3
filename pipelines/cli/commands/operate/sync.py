"""`sync`: running cycles."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from central.pauses import with_pauses
from central.project import Project, ProjectError, chosen_sites
from pipelines.cli.log import complain
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, talk
from pipelines.cli.speech.progress import progress_shown
from pipelines.cli.speech.visits import show_visits
from pipelines.cli.speech.warehouse import open_working
from warehouse.connection import Connection
from warehouse.exports import views
from warehouse.keeper import kept_open


@command()
@click.argument("sites", nargs=-1)
@click.option("--failed", is_flag=True, help="Only the sites that failed or did not answer when they were tried last.")
@click.option("--watch", is_flag=True, help="Go on, a cycle a minute, until stopped.")
@in_folder
@as_json
def sync(sites: tuple[str, ...], failed: bool, watch: bool, folder: Path, as_json: bool) -> int:
    """Run one cycle over all enabled sites, or over SITES, as a Dagster run.

    \b
    Example: supplysync sync -C demo-network
             supplysync sync clinic_1
             supplysync sync --failed
    """
    if failed and sites:
        raise click.UsageError("name sites, or say --failed")
    with project(folder) as loaded:
        with open_working(loaded) as con:
            paused = with_pauses(con, loaded)
            chosen = _failed(con, paused) if failed else _chosen(paused, sites)
        if failed and not chosen:
            talk.print("no site failed when it was tried last; nothing was done")
            return 0
        if waits := loaded.waits_for_apply:
            talk.print(f"note: {waits}")
        asked = [site for site in paused.topology.sites if site.code in sites or not sites]
        if left_out := [site.code for site in asked if not site.is_enabled]:
            talk.print(
                f"note: paused, and left out: {', '.join(left_out)}; `supplysync status` says by what", soft_wrap=True
            )
        while (code := run_and_show(loaded, chosen, as_json=as_json)) < 3 and watch:
            time.sleep(60)
    return code


def run_and_show(loaded: Project, sites: Sequence[str], *, as_json: bool) -> int:
    """Runs a cycle over ``sites`` (none: all that are enabled), shows how it ended, and returns the exit code."""
    # Dagster is slow to load and few commands need it
    from pipelines.dagster_run import StepFailed, run_sync

    try:
        with kept_open(loaded.warehouse):
            with progress_shown():
                run_sync(loaded, sites)
            return 0 if show_visits(loaded, as_json) else 1
    except StepFailed as error:
        if error.is_admitted:
            show_visits(loaded, as_json)
        complain(str(error))
        return 3


def _failed(con: Connection, loaded: Project) -> list[str]:
    """The codes of the enabled sites that have not gone through since they were tried last."""
    enabled = {site.code for site in loaded.topology.sites if site.is_enabled}
    found = rows_of(views.read(con, "sync_status"))
    return sorted(enabled & {row["site_code"] for row in found if row["consecutive_failures"]})


def _chosen(loaded: Project, codes: Sequence[str]) -> list[str]:
    """The codes of the sites asked for; none for all. Raises ProjectError where these are all paused."""
    chosen = chosen_sites(loaded, codes or None)
    paused = [site.code for site in chosen if not site.is_enabled]
    if len(paused) == len(chosen):
        listed = ", ".join(f"`{code}`" for code in paused)
        raise ProjectError(
            f"paused: {listed}; nothing was done; `supplysync status` says by what, and "
            f"`supplysync resume {' '.join(codes) or '--all'}` goes on"
        )
    chosen = chosen if codes else []
    return [site.code for site in chosen]
