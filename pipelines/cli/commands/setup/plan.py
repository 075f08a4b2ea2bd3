"""`plan`: what a changed topology.toml would do, before it is done (B46)."""

from __future__ import annotations

import json
from pathlib import Path

import click
import polars as pl

from central.asker import now
from central.plan.plan import NetworkPlan, make_plan
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.speech.topology import show_differences
from pipelines.cli.speech.warehouse import open_working
from sync_rules.topology.file import TopologyError
from wire.whole_files import write_whole


@command()
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan to a file, as JSON.")
@click.option("--force", "forced", multiple=True, metavar="SITE", help="A lost site: its stores are taken from it.")
@in_folder
@as_json
def plan(out: Path | None, forced: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """Compare topology.toml with what is applied, and count what would follow; nothing is changed.

    Exit code 4 where something is to be mended before it can be applied, 2 where the file has mistakes.

    \b
    Example: supplysync plan -C demo-network
    """
    try:
        with project(folder) as loaded, open_working(loaded) as con:
            made = make_plan(con, loaded, now=now(), forced=forced)
    except TopologyError as error:
        if as_json:
            show_json({"mistakes": str(error).splitlines()})
        raise
    if out is not None:
        write_whole(out, json.dumps(made.document(), default=str, ensure_ascii=False, indent=2) + "\n")
    if as_json:
        show_json(made.document())
    else:
        show_plan(made)
    return 4 if made.unmet else 0


def show_plan(made: NetworkPlan, *, is_applied_now: bool = False) -> None:
    """A plan, for people; its sums alone where it ``is_applied_now``."""
    for problem in made.unmet:
        talk.print(f"first: {problem}")
    if made.applied is None:
        data.print("No cycle has run: `supplysync apply`, or the first `supplysync sync`, applies topology.toml.")
    elif not made.differences:
        data.print(f"topology.toml is as applied: version {made.applied.version}. Nothing would change.")
    else:
        _show_differences(made, is_by_table=not is_applied_now)
    for note in made.notes:
        talk.print(f"note: {note}")
    if is_applied_now or not made.differences:
        return
    if any(one.needs_apply for one in made.differences):
        talk.print("note: `supplysync apply` does this; until then `supplysync sync` goes by what is applied")
    else:
        talk.print("note: the next `supplysync sync` takes this by itself")


def _show_differences(made: NetworkPlan, *, is_by_table: bool) -> None:
    show_differences("topology.toml, compared with what is applied", made.differences)
    if made.handovers:
        columns = {"store": "store", "before": "from", "after": "to", "table": "table", "records": "records"}
        handed = pl.DataFrame([vars(one) for one in made.handovers])
        sums = handed.group_by("store", "before", "after", maintain_order=True).agg(pl.col("records").sum())
        of_tables = handed if is_by_table else sums.with_columns(table=pl.lit("all"))
        show_table("Edited elsewhere from then on", columns, of_tables.to_dicts())
    if made.consequences.is_empty():
        data.print("No record goes to a site, or from it, for this.")
        return
    counts = ("gains", "bytes", "loses")
    totals = made.consequences.group_by("site", maintain_order=True).agg(pl.col(counts).sum())
    rows = [
        row
        for total in totals.to_dicts()
        for row in (
            {**total, "table_name": "all"},
            *(made.consequences.filter(site=total["site"]).to_dicts() if is_by_table else ()),
        )
    ]
    columns = {"site": "site", "table_name": "table", "gains": "records gained", "bytes": "bytes", "loses": "lost"}
    show_table("What goes to sites, and from them", columns, rows)
