"""A cycle as a Dagster run started from the command line, its history in the project folder."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from assets.border import FORESEEN
from central.alerts.round import tell_operators
from central.asker import now
from central.cycle.pull import prepare
from central.lock import CycleRunning, in_turn
from central.progress import tell
from central.project import Project
from pipelines.definitions import build_definitions
from pipelines.run_history import with_history
from pipelines.run_outcome import StepFailed as StepFailed
from pipelines.run_outcome import failure_of
from sync_rules.screen import unexpected


def run_sync(project: Project, only: Sequence[str], *, wait_s: float = 0.0) -> None:
    """Runs one cycle as a Dagster run over the enabled sites, or those of ``only``.

    One site alone is a run of its partition. Raises what keeps a cycle from beginning: CannotCatchUp, FileUnusable, and
    CycleRunning where another process keeps the turn for longer than ``wait_s`` seconds; StepFailed where it began and
    could not go on. What failed with a site is in the ledger.
    """
    partition = only[0] if len(only) == 1 else None
    with _told_of(project):
        _run(project, "sync", {"site_changes": {"config": {"only": list(only)}}}, partition=partition, wait_s=wait_s)


def run_apply(project: Project, saved: str) -> None:
    """Applies topology.toml as a Dagster run, by a ``saved`` plan (JSON) or, where that is empty, by what it asks for
    now. Raises as ``run_sync`` does; StepFailed where it may not be applied."""
    _run(project, "apply", {"topology": {"config": {"plan": saved}}})


def _run(project: Project, job: str, ops: dict[str, Any], *, partition: str | None = None, wait_s: float = 0.0) -> None:
    definitions = build_definitions(str(project.folder))
    config = {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

    def execute(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
        instance.add_dynamic_partitions("sites", [site.code for site in project.topology.sites])
        return definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            partition_key=partition,
            run_config=config,
            tags={"supplysync/trigger": "command"},
        )

    with in_turn(project.folder, wait_s=wait_s):
        prepare(project)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            result = with_history(project.folder, execute)
        _require_steps(result)


def _require_steps(result: dg.ExecuteInProcessResult) -> None:
    """Raises StepFailed where a step failed for another reason than a site: what failed with sites is in the ledger."""
    for event in result.get_step_failure_events():
        if failure := failure_of(event):
            raise failure


@contextmanager
def _told_of(project: Project) -> Iterator[None]:
    """Whoever `[alerts]` names is told whether the cycle in the body came to its end, and of what it left."""
    try:
        yield
    except CycleRunning:
        raise  # the other one tells
    except Exception as error:
        _tell(project, str(error) if isinstance(error, (*FORESEEN, StepFailed)) else unexpected(error))
        raise
    _tell(project, None)


def _tell(project: Project, cycle_trouble: str | None) -> None:
    if trouble := tell_operators(project, now(), cycle_trouble):
        tell(f"alerts: {trouble}")
