"""Runs whose process died: Dagster shows them as under way, and keeps their place in the pool."""

import dagster as dg


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Fails the runs that a killed process left under way, and frees the places they took in the pool.

    Call it only while holding the turn: then no other run is really under way.
    """
    under_way = dg.RunsFilter(job_name="sync", statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(under_way):
        instance.report_run_failed(run, "the process of this run ended before the run did")
    places = instance.event_log_storage.get_concurrency_info("warehouse")
    holders = {slot.run_id for slot in places.claimed_slots} | {step.run_id for step in places.pending_steps}
    for run_id in sorted(holders):
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
