"""Asset: the topology that is in force."""

import json

import dagster as dg

from assets.border import run
from assets.resources import ProjectFolder
from assets.runs.run_tags import OUTCOME, tag_run
from central.plan.apply import SavedPlan, apply_wanted


class Expected(dg.Config):
    """A saved plan, as JSON, that the topology is applied by; empty: whatever topology.toml asks for now."""

    plan: str = ""


@dg.asset(group_name="cycle", kinds={"toml"}, pool="warehouse")
def topology(context: dg.AssetExecutionContext, config: Expected, project: ProjectFolder) -> dg.MaterializeResult[None]:
    """topology.toml, looked at, planned and applied (B44, T9). Red: it was not applied, and what was applied last
    stays in force; `supplysync plan` says what is to be done first. More:
    `supplysync runbook topology-waits-for-apply`"""
    saved = SavedPlan.of(json.loads(config.plan)) if config.plan else None
    made = run(lambda asked: apply_wanted(asked, saved), project.asked())
    found = made.differences if made else []
    changes = [one.words for one in found]
    number = f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"
    tag_run(context, {OUTCOME: f"applied: {number}" if changes else "nothing to apply"})
    return dg.MaterializeResult(metadata={"changes": len(changes), "what": "\n".join(changes) or "nothing"})
