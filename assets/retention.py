"""Asset: what is kept of the past, and for how long."""

from pathlib import Path

import dagster as dg

from assets.border import run
from assets.published_snapshot import published_snapshot
from assets.resources import ProjectFolder
from assets.runs.old_runs import IDLE, forget_runs, old_runs
from central.cycle.stages import prune_last


@dg.asset(deps=[published_snapshot], group_name="cycle", pool="warehouse")
def retention(context: dg.AssetExecutionContext, project: ProjectFolder) -> dg.MaterializeResult[None]:
    """Once a day what is older than `[retention]` says goes: landed pulls and change sets that a backup has, rows of
    the ledger, runs of this history (B55). In other cycles there is nothing to do. Red: nothing went that should stay;
    `supplysync prune` shows what is to go. More: `supplysync runbook disk-space`"""
    asked = project.asked()
    found = run(prune_last, asked)
    if found.is_idle:
        context.instance.add_run_tags(context.run.run_id, {IDLE: "yes"})
    runs = old_runs(context.instance, asked.project.topology.retention, asked.now) if found.is_due else []
    if runs:
        forget_runs(context.instance, runs, Path(project.folder) / "dagster")
    return dg.MaterializeResult(
        metadata={
            "due": found.is_due,
            "pulls": found.pulls,
            "change_sets": found.change_sets,
            "bytes": found.bytes + found.compacted_bytes,
            "runs": len(runs),
        }
    )
