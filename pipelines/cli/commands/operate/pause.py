"""`pause`: leaving sites alone for a while (T8)."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.speech.command import command
from pipelines.cli.speech.decisions import decide_about_sites
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import talk
from sync_rules.words import DecisionKind


@command()
@click.argument("sites", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every site, those that come later too.")
@click.option("--reason", help="Why; it is kept.")
@in_folder
def pause(sites: tuple[str, ...], is_all: bool, reason: str | None, folder: Path) -> None:
    """Leave SITES alone from now on, in what topology.toml says too: nothing is pulled from them or delivered to them.

    \b
    Example: supplysync pause clinic_1 --reason "the server there is moved"
             supplysync pause --all
    """
    with project(folder) as loaded:
        decide_about_sites(loaded, DecisionKind.PAUSE, sites, is_all=is_all, reason=reason)
    what, how = ("every site", "--all") if is_all else (", ".join(sites), " ".join(sites))
    talk.print(f"paused: {what}; what waits goes on with `supplysync resume {how}`")
