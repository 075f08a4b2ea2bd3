"""`prune`: what is older than `[retention]` says goes (B55)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from central.asker import asked_by, now
from central.cycle.stages import Asked
from central.lock import in_turn
from central.plan.prune import PruneLine, PrunePlan, plan_prune, prune_project
from central.project import Project
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk

_COLUMNS = {"what": "what", "count": "go", "bytes": "bytes", "until": "from before", "held_by": "held back"}


@command()
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def prune(dry_run: bool, yes: bool, folder: Path, as_json: bool) -> int:
    """Remove what is older than `[retention]` in topology.toml says; shows first what that is, and asks.

    Cycles do the same by themselves, once a day. Landed pulls and change sets go only where a backup has them: without
    one a lost warehouse could not be made again. What `restore-server` put aside is only told.

    \b
    Example: supplysync prune --dry-run
             supplysync prune --yes
    """
    with project(folder) as loaded:
        loaded.as_wanted()  # a file with mistakes is no word on what is to stay
        if waits := loaded.waits_for_apply:
            talk.print(f"note: {waits}")
        plan = plan_prune(loaded, now())
        runs = _runs(loaded, is_forgotten=False)
        _show(plan, runs, as_json=as_json)
        if plan.is_empty and not runs:
            talk.print("nothing is to go")
            return 0
        if dry_run or (as_json and not yes):
            return 0
        _ = yes or click.confirm("Remove it?", abort=True, err=True)
        with in_turn(loaded.folder):
            prune_project(Asked(loaded, now(), asked_by()))
            _runs(loaded, is_forgotten=True)
        talk.print("done")
    return 0


def _runs(loaded: Project, *, is_forgotten: bool) -> int:
    """How many runs of Dagster's history are old; where ``is_forgotten``, they go."""
    if not (loaded.folder / "dagster").exists():
        return 0
    # Dagster is slow to load and few commands need it
    from pipelines.run_history import forget_history

    return forget_history(loaded.folder, loaded.topology.retention, now(), is_meant=is_forgotten)


def _show(plan: PrunePlan, runs: int, *, as_json: bool) -> None:
    lines = [*plan.lines, PruneLine("runs in Dagster's history", runs, None, None)]
    if as_json:
        show_json({**plan.document(), "removed": [asdict(line) for line in lines]})
        return
    shown = [asdict(line) for line in lines if line.count or line.held_by]
    if shown:
        show_table("What goes", _COLUMNS, shown)
    for name, size in plan.told.items():
        talk.print(
            f"`{name}` ({size:,} bytes) is what `restore-server` put aside: remove it yourself once it is not needed"
        )
