"""`apply`: what topology.toml asks for becomes what is in force (B44)."""

from __future__ import annotations

import json
from pathlib import Path

import click

from central.asker import now
from central.plan.apply import SavedPlan, read_plan, require
from central.plan.plan import make_plan
from pipelines.cli.commands.setup.plan import show_plan
from pipelines.cli.log import complain
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json
from pipelines.cli.speech.warehouse import open_working
from pipelines.cli.what_ran import then
from warehouse.ledger.network.versions import applied_version


@command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", "forced", multiple=True, metavar="SITE", help="A lost site: its stores are taken from it.")
@in_folder
@as_json
def apply(file: Path | None, yes: bool, forced: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """Apply topology.toml, as a Dagster run; FILE is a plan that was saved with `plan -o`, and must still hold.

    What it means for sites goes out with the next cycles. Exit code 4 where it cannot be applied, or not by that plan.

    \b
    Example: supplysync apply -C demo-network
             supplysync apply plan.json --yes
             supplysync apply --force clinic_1
    """
    # Dagster is slow to load and few commands need it
    from pipelines.dagster_run import StepFailed, run_apply

    saved = read_plan(file) if file else None
    if saved and forced:
        raise click.UsageError("a saved plan says itself what sites are lost: `supplysync plan --force SITE -o FILE`")
    with project(folder) as loaded:
        with open_working(loaded) as con:
            made = make_plan(con, loaded, now=now(), forced=saved.forced if saved else forced)
        if not as_json:
            show_plan(made, is_applied_now=True)
        require(made, saved)
        is_new = made.applied is None or bool(made.differences)
        if is_new and not yes:
            click.confirm("Apply this?", abort=True, err=True)
        try:
            if is_new:
                run_apply(loaded, json.dumps(SavedPlan.of(made.document()).document()))
        except StepFailed as error:
            complain(str(error))
            return 3
        with open_working(loaded) as con:
            applied = applied_version(con)
    if as_json:
        show_json({"version": applied and applied.version, "is_new": is_new, "plan": made.document()})
    elif is_new and applied:
        data.print(f"Version {applied.version} of the topology is applied.")
        then("sync")
    return 0
