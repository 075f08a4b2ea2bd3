"""What is wrong with the hook, as `check` notes it."""

from __future__ import annotations

from central.alerts.memory import recall
from central.own_place import Finding
from central.project import Project
from sync_rules.for_people.runbooks import to_read


def alert_findings(project: Project) -> list[Finding]:
    """That the hook cannot tell anything, or did not tell the last message; without the address."""
    alerts = project.topology.alerts
    if not alerts.is_wanted:
        return []
    troubles = []
    if alerts.variable and not project.environment.get(alerts.variable):
        troubles.append(f"the environment variable `{alerts.variable}` is not set; set it, or write it in .env")
    elif trouble := recall(project.folder).trouble:
        troubles.append(f"the last message was not told: {trouble}; `supplysync alerts test` tries it")
    return [Finding("alerts", f"alerts: {one}; see {to_read('alerts')}", is_note=True) for one in troubles]
