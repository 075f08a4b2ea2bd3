"""`cycles`: what cycles did, cycle by cycle and site by site."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table
from pipelines.cli.speech.visits import show_visit_rows, visit_rows
from pipelines.cli.speech.warehouse import open_working
from warehouse.ledger import cycles as ledger
from warehouse.ledger import quarantine
from warehouse.ledger.sites import unheard_sites

_COLUMNS = {"cycle": "cycle", "started_at": "began", "topology_version": "topology"} | {
    name: name.replace("_", " ")
    for name in ("sites", "not_reached", "failed", "pulled", "admitted", "rejected", "waiting", "sent")
}
_HELD = {"site_code": "site", "table_name": "table", "verdict": "verdict", "reason": "reason", "records": "changes"}


@group()
def cycles() -> None:
    """The cycles that were admitted: when, of which sites, what came of it."""


@cycles.command("list")
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many, the last first.")
@in_folder
@as_json
def list_cycles(last: int, folder: Path, as_json: bool) -> None:
    """The last cycles, the last first.

    \b
    Example: supplysync cycles list --last 5
    """
    with project(folder) as loaded, open_working(loaded) as con:
        rows = rows_of(ledger.cycles(con, last))
    if as_json:
        show_json({"cycles": rows})
        return
    show_table("Cycles", _COLUMNS, rows, if_any=("not_reached", "failed", "rejected", "waiting"))


@cycles.command("show")
@click.argument("cycle", type=int)
@in_folder
@as_json
def show_cycle(cycle: int, folder: Path, as_json: bool) -> None:
    """What a cycle did at each site, and of what it held back, how much for which reason.

    \b
    Example: supplysync cycles show 3
    """
    with project(folder) as loaded, open_working(loaded) as con:
        rows = visit_rows(con, cycle)
        held = rows_of(quarantine.reasons_of_cycle(con, cycle))
        last, unheard = ledger.last_cycle(con), unheard_sites(con)
    if not 1 <= cycle <= last:
        there = f"there are 1 to {last}" if last else "none has run yet: `supplysync sync`"
        raise click.UsageError(f"there is no cycle {cycle}; {there}")
    if as_json:
        show_json({"cycle": cycle, "sites": rows, "held_back": held})
        return
    show_visit_rows(f"Cycle {cycle}", rows, unheard)
    if held:
        show_table("Held back in it for the first time", _HELD, held)
