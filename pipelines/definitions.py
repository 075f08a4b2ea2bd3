"""The code location: what Dagster loads."""

import os
from pathlib import Path

import dagster as dg

from assets.resources import ProjectFolder
from assets.runs import skipped_steps
from pipelines.jobs import STAGES, apply_job, sync_job
from pipelines.schedules import sites_due
from pipelines.sensors import alert_sensor


def build_definitions(folder: str) -> dg.Definitions:
    """The assets, the jobs, the schedule and the sensor for the project in ``folder``."""
    skipped_steps.leave_out()
    return dg.Definitions(
        assets=STAGES,
        jobs=[sync_job, apply_job],
        schedules=[sites_due],
        sensors=[alert_sensor],
        resources={"project": ProjectFolder(folder=folder)},
        executor=dg.in_process_executor,
    )


defs = build_definitions(os.environ.get("SUPPLYSYNC_PROJECT", str(Path.cwd())))
