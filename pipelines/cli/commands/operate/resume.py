"""`resume`: going on with sites that were paused (T8)."""

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
@click.option("--all", "is_all", is_flag=True, help="Every site that was paused by command.")
@click.option("--reason", help="Why; it is kept.")
@in_folder
def resume(sites: tuple[str, ...], is_all: bool, reason: str | None, folder: Path) -> None:
    """Go on with SITES that were paused by command.

    \b
    Example: supplysync resume clinic_1
             supplysync resume --all
    """
    with project(folder) as loaded:
        decide_about_sites(loaded, DecisionKind.RESUME, sites, is_all=is_all, reason=reason)
    talk.print(f"resumed: {'every site' if is_all else ', '.join(sites)}")
