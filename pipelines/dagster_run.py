"""A cycle as a Dagster run started from the command line, its history in the project folder."""

import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.border import FORESEEN
from central.cycle.pull import prepare
from central.lock import in_turn
from central.project import Project
from pipelines.definitions import build_definitions
from pipelines.run_history import with_history

_FORESEEN = {error.__name__ for error in FORESEEN}


class StepFailed(Exception):
    """A step could not do its work, for another reason than a site; ``is_admitted``: what was pulled is admitted."""

    def __init__(self, text: str, *, is_admitted: bool) -> None:
        super().__init__(text)
        self.is_admitted = is_admitted


def run_sync(project: Project, only: Sequence[str], *, wait_s: float = 0.0) -> None:
    """Runs one cycle as a Dagster run over the enabled sites, or those of ``only``.

    One site alone is a run of its partition. Raises what keeps a cycle from beginning: CannotCatchUp, FileUnusable, and
    CycleRunning where another process keeps the turn for longer than ``wait_s`` seconds; StepFailed where it began and
    could not go on. What failed with a site is in the ledger.
    """
    partition = only[0] if len(only) == 1 else None
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
        failure = event.step_failure_data
        if failure.user_failure_data is None and failure.error is not None:
            cause = failure.error.cause or failure.error
            name = cause.cls_name or "error"
            said = f"unexpected {name}, of Dagster's own: its pages (`supplysync dev`) show all of it"
            if name in _FORESEEN:
                said = cause.message.strip().partition(f"{name}: ")[2]
            is_admitted = event.step_key not in ("topology", "site_changes", "replicas")
            raise StepFailed(f"step {event.step_key}: {said}", is_admitted=is_admitted)
