"""`init`: making a project folder."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.demo_network.network import make_demo
from pipelines.cli.speech.command import command
from pipelines.cli.speech.output import bold, talk
from pipelines.cli.speech.starter import write_starter


@command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--demo", "is_demo", is_flag=True, help="With a network of eight site databases and a year of work.")
@click.option("--seed", default=1, show_default=True, help="The demo's seed: the same seed makes the same network.")
def init(folder: Path, is_demo: bool, seed: int) -> None:
    """Make a project folder.

    \b
    Example: supplysync init my-network
             supplysync init demo-network --demo
    """
    if (folder / "topology.toml").exists():
        raise click.UsageError(f"`{folder}` has a topology.toml already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if is_demo:
        make_demo(folder, seed)
    else:
        write_starter(folder)
    talk.print(bold(str(folder), f"; next: supplysync check -C {folder}", before="made "))
