"""The history of runs, in the folder `dagster` of a project: it may be deleted, and it may be broken."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import dagster as dg

from assets.runs.old_runs import forget_runs, old_runs
from central.progress import tell
from pipelines.dead_runs import end_dead_runs
from pipelines.run_outcome import last_trouble
from sync_rules.topology.topology import Retention

R = TypeVar("R")

DAGSTER_YAML = """\
# Dagster's own settings for this project. The run history is kept in this folder.
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  pools: {default_limit: 1, granularity: op}
  runs:
    max_concurrent_runs: 1   # one cycle at a time: further ones wait in the queue
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


def with_history(folder: Path, run: Callable[[dg.DagsterInstance], R]) -> R:
    """What ``run`` makes of the instance whose history is in the project's folder, free of dead runs.

    Where that history cannot be used, it says so and runs with one that is forgotten afterwards: what has run of a
    cycle by then is taken up by the next, so that it may run once more.
    """
    try:
        os.environ["DAGSTER_HOME"] = str(dagster_home(folder))
        with dg.DagsterInstance.get() as instance:
            end_dead_runs(instance)
            return run(instance)
    except Exception as error:  # steps raise nothing here: whatever comes is of Dagster's own storage
        tell(f"{trouble(folder, error)}; this cycle runs without it")
    with dg.DagsterInstance.ephemeral() as instance:
        return run(instance)


def forget_history(folder: Path, kept: Retention, now: datetime, *, is_meant: bool) -> int:
    """How many runs of the history are older than ``kept`` says; where it ``is_meant``, they go."""

    def of(instance: dg.DagsterInstance) -> int:
        found = old_runs(instance, kept, now)
        if is_meant:
            forget_runs(instance, found, folder / "dagster")
        return len(found)

    return with_history(folder, of)


def cycle_trouble(folder: Path, later: datetime | None) -> str | None:
    """Why the last cycle could not begin, or not go on, as far as its history tells; None where it came to its end.
    ``later``: when the last one began that the warehouse has."""
    if not (folder / "dagster").exists():
        return None
    return with_history(folder, lambda instance: last_trouble(instance, later))


def find_trouble(folder: Path) -> str | None:
    """Why the history cannot be used, with what to do; None where it can, or is not there yet."""
    if not (folder / "dagster").exists():
        return None
    try:
        os.environ["DAGSTER_HOME"] = str(dagster_home(folder))
        with dg.DagsterInstance.get() as instance:
            instance.get_runs(limit=1)
            instance.get_dynamic_partitions("sites")
    except Exception as error:
        return trouble(folder, error)
    return None


def trouble(folder: Path, error: Exception) -> str:
    """Which history cannot be used, and what to do; of what an error says only SQLite's and the system's own words, as
    the rest may quote settings."""
    cause = getattr(error, "orig", error)
    if type(cause).__module__ == "sqlite3":
        reason = f": {cause}"
    elif isinstance(cause, OSError) and cause.strerror:
        reason = f": {cause.strerror.lower()}"
    else:
        reason = f" ({type(error).__name__})"
    home = folder / "dagster"
    return f"the run history in `{home}` cannot be used{reason}; move it away, and the next cycle begins a new one"
