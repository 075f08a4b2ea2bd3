"""`simulate`: people's work at the sites of a demo network."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.demo_network.people import show_work, work
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.what_ran import then


@command()
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
    then("sync")
