"""`sync`: running cycles."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from central.pauses import with_pauses
from central.project import Project, chosen_sites
from pipelines.cli.log import complain
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, talk
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
            chosen = _failed(con) if failed else [one.code for one in chosen_sites(loaded, sites or None)]
        if failed and not chosen:
            talk.print("no site failed when it was tried last; nothing was done")
            if as_json:
                show_json({"cycle": None, "sites": []})
            return 0
        if waits := loaded.waits_for_apply:
            talk.print(f"note: {waits}")
        if not _is_left(paused, chosen):
            if as_json:
                show_json({"cycle": None, "sites": []})
            return 0
        while (code := run_and_show(loaded, chosen if sites or failed else (), as_json=as_json)) < 3 and watch:
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


def _failed(con: Connection) -> list[str]:
    """The codes of the sites that have not gone through since they were tried last, also of those that are paused by
    now."""
    found = rows_of(views.read(con, "sync_status"))
    return sorted(row["site_code"] for row in found if row["consecutive_failures"])


def _is_left(loaded: Project, codes: Sequence[str]) -> bool:
    """Whether a site is left of those asked for; says which are paused (T8)."""
    left_out = [site.code for site in loaded.topology.sites if site.code in codes and not site.is_enabled]
    is_left = len(left_out) < len(codes)
    if left_out:
        rest = "" if is_left else "; nothing was done"
        by_what = "`supplysync status` says by what, and how to go on"
        talk.print(f"note: paused, and left out: {', '.join(left_out)}; {by_what}{rest}")
    return is_left
