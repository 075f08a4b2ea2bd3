"""A cycle as a Dagster run started from the command line, its history in the project folder."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from central.cycle.pull import refuse_moves
from central.lock import end_turn, take_turn
from central.progress import Tell, listeners
from central.project import Project
from pipelines.dead_runs import end_dead_runs
from pipelines.definitions import build_definitions

DAGSTER_YAML = """\
# Dagster's own settings for this project. The run history is kept in this folder.
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  pools: {default_limit: 1, granularity: op}
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits: [{key: supplysync/warehouse, value: writer, limit: 1}]
run_queue: {dequeue_interval_seconds: 1}
run_monitoring: {enabled: true, max_runtime_seconds: 7200}
run_retries: {enabled: true, max_retries: 0}
freshness: {enabled: true}
python_logs: {python_log_level: INFO}
retention:
  schedule: {purge_after_days: {skipped: 2, success: 30, failure: 90, started: 2}}
  sensor: {purge_after_days: {skipped: 2, success: 30, failure: 90, started: 2}}
"""


def dagster_home(folder: Path) -> Path:
    """``folder``'s Dagster home, made with a dagster.yaml of this project's where there is none."""
    home = (folder / "dagster").absolute()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        settings.write_text(DAGSTER_YAML, encoding="utf-8")
    return home


def run_sync(project: Project, only: Sequence[str], *, tell: Tell, wait_s: float = 0.0) -> bool:
    """Runs one cycle as a Dagster run over the enabled sites, or those of ``only``; True where no site failed.

    One site alone is a run of its partition. Raises what keeps a cycle from beginning: TopologyMoved, and
    CycleRunning where another process keeps the turn for longer than ``wait_s`` seconds.
    """
    refuse_moves(project)
    take_turn(project.folder, wait_s=wait_s)
    os.environ["DAGSTER_HOME"] = str(dagster_home(project.folder))
    definitions = build_definitions(str(project.folder))
    listeners.append(tell)
    try:
        with warnings.catch_warnings(), dg.DagsterInstance.get() as instance:
            warnings.simplefilter("ignore", dg.BetaWarning)
            end_dead_runs(instance)
            instance.add_dynamic_partitions("sites", [site.code for site in project.topology.sites])
            result = _execute(definitions, instance, only)
            if not result.success:
                _tell_unexpected(result, tell)
            return result.success
    finally:
        listeners.remove(tell)
        end_turn(project.folder)


def _execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, only: Sequence[str]
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def("sync").execute_in_process(
        instance=instance,
        raise_on_error=False,
        partition_key=only[0] if len(only) == 1 else None,
        run_config={
            "ops": {"site_changes": {"config": {"only": list(only)}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        tags={"supplysync/trigger": "command"},
    )


def _tell_unexpected(result: dg.ExecuteInProcessResult, tell: Tell) -> None:
    """A step that failed for another reason than a site says why; the sites' own failures are in the table."""
    for event in result.get_step_failure_events():
        failure = event.step_failure_data
        if failure.user_failure_data is None and failure.error is not None:
            cause = failure.error.cause or failure.error
            tell(f"step {event.step_key} failed: {cause.message.strip()}")
