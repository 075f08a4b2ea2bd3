"""How a run ended: whether its cycle came to its end, whatever became of single sites."""

from datetime import datetime

import dagster as dg

from assets.border import FORESEEN

_FORESEEN = {error.__name__ for error in FORESEEN}
_UP_TO_ADMISSION = ("topology", "site_changes", "replicas")
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


_CYCLES = ("sync", "__ASSET_JOB")
"""The jobs of which each run is a cycle; the second is Dagster's own, of assets that somebody materialised."""
_LOOKED_AT = 20


class StepFailed(Exception):
    """A step could not do its work, for another reason than a site; ``is_admitted``: what was pulled is admitted."""

    def __init__(self, text: str, *, is_admitted: bool) -> None:
        super().__init__(text)
        self.is_admitted = is_admitted


def failure_of(event: dg.DagsterEvent) -> StepFailed | None:
    """What a failure of a step comes to; None where it failed with its sites, which the ledger tells."""
    failure = event.step_failure_data
    if failure.user_failure_data is not None or failure.error is None:
        return None
    cause = failure.error.cause or failure.error
    name = cause.cls_name or "error"
    said = f"unexpected {name}, of Dagster's own: its pages (`supplysync dev`) show all of it"
    if name in _FORESEEN:
        said = cause.message.strip().partition(f"{name}: ")[2]
    return StepFailed(f"step {event.step_key}: {said}", is_admitted=event.step_key not in _UP_TO_ADMISSION)


def last_trouble(instance: dg.DagsterInstance, later: datetime | None = None) -> str | None:
    """Why the cycle whose run ended last could not begin, or not go on; None where it came to its end, or where the
    last cycle that is admitted began after that, ``later``."""
    last = _last_of_a_cycle(instance)
    if last is None or last.dagster_run.status == dg.DagsterRunStatus.SUCCESS:
        return None
    if later is not None and last.end_time is not None and last.end_time < later.timestamp():
        return None
    entries = instance.all_logs(last.dagster_run.run_id, of_type={dg.DagsterEventType.STEP_FAILURE})
    events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
    if not events:
        return "its run ended before any step said why: `supplysync dev` shows it"
    failures = [failure for event in events if (failure := failure_of(event)) is not None]
    return str(failures[0]) if failures else None


def _last_of_a_cycle(instance: dg.DagsterInstance) -> dg.RunRecord | None:
    """The run of a cycle that ended last; `apply` counts as one where it was applied: what it asked for is refused for
    what has nothing to do with cycles."""
    for one in instance.get_run_records(dg.RunsFilter(statuses=_ENDED), limit=_LOOKED_AT):
        run = one.dagster_run
        if run.job_name in _CYCLES or (run.job_name == "apply" and run.status == dg.DagsterRunStatus.SUCCESS):
            return one
    return None
