"""`queue`: what waits to come in and to go out."""

from __future__ import annotations

from pathlib import Path

import click

from central.explain.queues import at_central, queues
from central.project import chosen_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table
from pipelines.cli.speech.warehouse import open_working


@command()
@click.argument("sites", nargs=-1)
@in_folder
@as_json
def queue(sites: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Records waiting to come in from SITES (or every site) and to go out to them, by table.

    To come in is what the next pull brings: of a record that was deleted the log has the key alone, which comes whoever
    the record was of (B11); all else of a store whose data stays is not counted.

    \b
    Example: supplysync queue clinic_1
    """
    with project(folder) as loaded:
        chosen = chosen_sites(loaded, sites or None)
        with open_working(loaded) as con:
            here = at_central(con, loaded, chosen)
        rows = queues(loaded, chosen, here)
    if as_json:
        show_json({"queues": rows})
        return
    show_table("Queues", {"site": "site", "table": "table", "in": "to come in", "out": "to go out"}, rows)
