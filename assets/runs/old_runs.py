"""Runs that Dagster's history need not keep (B55); with what it keeps of a run in places of its own."""

import re
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from sync_rules.topology.topology import Retention

IDLE = "supplysync/idle"
"""The tag of a run in which nothing changed."""

_DONE = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED)
_AT_ONCE = 1000
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def old_runs(instance: dg.DagsterInstance, kept: Retention, now: datetime) -> list[str]:
    """The ids of the runs that are older than ``kept`` says, the oldest thousand of each kind at most."""
    asked = [
        dg.RunsFilter(statuses=list(_DONE), created_before=now - timedelta(days=kept.runs_days)),
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE], created_before=now - timedelta(days=kept.failed_runs_days)
        ),
        dg.RunsFilter(
            tags={IDLE: "yes"}, statuses=list(_DONE), created_before=now - timedelta(days=kept.idle_runs_days)
        ),
    ]
    records = [one for each in asked for one in instance.get_run_records(each, limit=_AT_ONCE, ascending=True)]
    return sorted({one.dagster_run.run_id for one in records})


def forget_runs(instance: dg.DagsterInstance, runs: Sequence[str], home: Path) -> None:
    """Takes runs out of the history, with their events; and out of the folder ``home`` of Dagster the files of all runs
    that are not in the history, which it leaves there. Killed anywhere, the next time goes on."""
    _forget_checks(instance, runs)
    for run_id in runs:
        instance.event_log_storage.delete_events(run_id)  # first: who has no run is not found again
        instance.delete_run(run_id)
    events = [file for file in home.glob("history/runs/*.db*") if not file.name.startswith("index.db")]
    kept_logs = [*home.glob("storage/*")]
    known = set(instance.get_run_ids())  # after the files were listed: a run is known before it has any
    for file in events:
        if file.name.partition(".")[0] not in known:
            file.unlink(missing_ok=True)
    for folder in kept_logs:
        if _RUN_ID.fullmatch(folder.name) and folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)


def _forget_checks(instance: dg.DagsterInstance, runs: Sequence[str]) -> None:
    """What asset checks found in these runs: Dagster keeps it, whatever becomes of its run, and has no call for it.
    Where a later Dagster has moved these names it stays."""
    try:
        from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks

        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
            for run_id in runs:
                connection.execute(Checks.delete().where(Checks.c.run_id == run_id))
    except (ImportError, AttributeError):
        return
