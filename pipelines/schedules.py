"""One schedule that asks which sites are due."""

from datetime import datetime

import dagster as dg

from assets.resources import ProjectFolder
from assets.runs.run_tags import SITES, sites_in_line
from assets.site_changes import Due
from central.asker import now
from central.lock import CycleRunning, end_turn, take_turn
from central.pauses import with_pauses
from pipelines.dead_runs import end_dead_runs
from pipelines.due_sites import due_sites
from pipelines.jobs import sync_job
from warehouse.connection import WarehouseBusy, open_warehouse
from warehouse.ledger import visits

_UNDER_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]


@dg.schedule(
    job=sync_job,
    cron_schedule="* * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every minute: one cycle over the sites whose own `schedule` in topology.toml came up since they were "
    "last tried; most minutes none did, and the tick is skipped. Red: topology.toml or the warehouse cannot be read; "
    "`supplysync check` says why. More: `supplysync runbook a-cycle-failed`",
)
def sites_due(context: dg.ScheduleEvaluationContext, project: ProjectFolder) -> dg.RunRequest | dg.SkipReason:
    """Every minute: one run over the sites whose own schedule came up since they were last tried."""
    loaded = project.load()
    try:
        take_turn(loaded.folder)
    except CycleRunning as error:
        return dg.SkipReason(str(error))
    try:
        end_dead_runs(context.instance)
    finally:
        end_turn(loaded.folder)
    if context.instance.get_run_records(dg.RunsFilter(job_name="sync", statuses=_UNDER_WAY), limit=1):
        return dg.SkipReason("a cycle is queued")
    try:
        with open_warehouse(loaded.warehouse, loaded.schema, wait_s=1) as con:
            tried: dict[int, datetime] = visits.last_tries(con)
            loaded = with_pauses(con, loaded)
    except WarehouseBusy as error:
        return dg.SkipReason(str(error))
    due = due_sites(loaded.topology, tried, now())
    if not due:
        return dg.SkipReason("no site is due")
    return dg.RunRequest(
        tags={"supplysync/trigger": "schedule", SITES: sites_in_line(due)},
        run_config=dg.RunConfig(ops={"site_changes": Due(only=due)}),
    )
