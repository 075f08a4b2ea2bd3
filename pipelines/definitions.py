"""The code location: what Dagster loads."""

import os
from pathlib import Path

import dagster as dg

from assets.resources import ProjectFolder
from pipelines.jobs import CHECKS, STAGES, apply_job, sync_job
from pipelines.schedules import sites_due


def build_definitions(folder: str) -> dg.Definitions:
    """The assets, the job and the schedule for the project in ``folder``."""
    return dg.Definitions(
        assets=STAGES,
        asset_checks=CHECKS,
        jobs=[sync_job, apply_job],
        schedules=[sites_due],
        resources={"project": ProjectFolder(folder=folder)},
        executor=dg.in_process_executor,
    )


defs = build_definitions(os.environ.get("SUPPLYSYNC_PROJECT", str(Path.cwd())))
