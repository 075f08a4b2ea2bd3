"""The sensor that tells operators what begins and what is over while no cycle runs."""

import dagster as dg

from assets.resources import ProjectFolder
from central.alerts.round import tell_operators
from central.asker import now
from pipelines.run_outcome import last_trouble


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every minute: tells whom [alerts] in topology.toml names what begins and what is over while no cycle "
    "runs. Red: topology.toml or the warehouse cannot be read; `supplysync check` says why, `supplysync alerts test` "
    "tries the way. More: `supplysync runbook alerts`",
)
def alert_sensor(context: dg.SensorEvaluationContext, project: ProjectFolder) -> dg.SkipReason:
    """Every minute: tells, as [alerts] in topology.toml says, which sites are overdue, failed or held, and whether the
    last cycle could not begin or not go on. Each is told once, and once that it is over."""
    loaded = project.load()
    if not loaded.topology.alerts.is_wanted:
        return dg.SkipReason("topology.toml has no [alerts]")
    trouble = tell_operators(loaded, now(), last_trouble(context.instance))
    return dg.SkipReason(f"not told, and tried again: {trouble}" if trouble else "what is to be told was told")
