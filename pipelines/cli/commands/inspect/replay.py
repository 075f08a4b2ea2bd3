"""`replay`: the warehouse is made again from what is kept of its cycles (W5)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from central.backup.replay import replay_cycles
from central.lock import in_turn
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json
from pipelines.cli.speech.progress import progress_shown


@command()
@click.option("--until", type=int, metavar="N", help="As of cycle N; the last one if left out.")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Leave the warehouse as this file.")
@click.option("--from", "place", type=click.Path(path_type=Path, file_okay=False), help="Begin at a backup in DIR.")
@in_folder
@as_json
def replay(until: int | None, out: Path | None, place: Path | None, folder: Path, as_json: bool) -> int:
    """Make the warehouse again from what is kept of cycles, aside, and compare it with the working one.

    Every table and report is compared by a hash of its rows; ends with 1 and their names where any differs. With
    --until, what was known after that cycle: `-o FILE` leaves it as a DuckDB database.

    \b
    Example: supplysync replay
             supplysync replay --until 12 -o as-of-12.duckdb
    """
    with project(folder) as loaded, in_turn(loaded.folder), progress_shown():
        found = replay_cycles(loaded, until=until, out=out, place=place.resolve() if place else None)
    if as_json:
        show_json(asdict(found))
    elif found.compared_with is None:
        data.print(f"cycle {found.cycle}; there is nothing to compare it with")
    elif found.differing:
        data.print(f"cycle {found.cycle} differs from {found.compared_with}: {', '.join(found.differing)}")
    else:
        data.print(f"cycle {found.cycle} equals {found.compared_with}: {found.tables} tables and reports")
    return int(bool(found.differing))
