"""A whole cycle of one site in one step: what follows where only a part of the stages was chosen for a partition.

Dagster's pages let people materialise one asset for one site. A pull without what follows would leave the site's
changes landed and not judged, and a delivery alone would bring nothing new.
"""

from collections.abc import Iterator

import dagster as dg

from assets.border import run, run_watched
from assets.resources import ProjectFolder
from assets.runs.run_tags import CYCLE, OUTCOME, SITES, outcome_of, tag_run
from central.alerts.round import tell_operators
from central.cycle.stages import (
    Asked,
    admit_and_check,
    deliver_alone,
    is_paused,
    is_unheard,
    prune_last,
    publish_last,
    pull_alone,
    report_last,
    route_last,
)
from sync_rules.for_people.states import word_of
from sync_rules.words import Outcome

FOLLOWING = ("replicas", "change_sets", "deliveries", "published_snapshot", "retention", "sync_report")
"""The assets after the first one of a cycle."""


def is_partial(context: dg.AssetExecutionContext) -> bool:
    """Whether this run is of one site, and of some of a cycle's assets only: a run that chose none has all."""
    chosen = context.run.asset_selection
    if not context.has_partition_key or not chosen:
        return False
    return not chosen >= {dg.AssetKey(one) for one in FOLLOWING}


def begins_here(context: dg.AssetExecutionContext) -> bool:
    """Whether no step before this one has run the whole cycle already."""
    chosen = context.run.asset_selection or frozenset()
    return context.asset_key == dg.AssetKey("site_changes") or dg.AssetKey("site_changes") not in chosen


def pulled_rows(context: dg.AssetExecutionContext, asked: Asked) -> int | dg.AssetObservation:
    """How many changes were pulled of the one site, in a cycle that begins with that; or what is to be seen of it where
    it is paused, and nothing was done, or could not be reached, which is normal (B12): nothing follows then. Raises
    Failure where the site failed."""
    site = context.partition_key
    if run(is_paused, asked):
        return _seen(context, word_of("disabled"), "nothing was done; `supplysync status` says who paused it")
    cycle = run_watched(context, pull_alone, asked)
    tag_run(context, {CYCLE: str(cycle.number)})
    if cycle.pulled:
        tag_run(context, {SITES: site})
        return cycle.pulled[0].rows
    [missed] = cycle.missed
    was_heard = missed.outcome != Outcome.UNREACHABLE or not run(is_unheard, asked)
    seen = _seen(context, word_of(missed.outcome, was_heard=was_heard), missed.error)
    if missed.outcome == Outcome.FAILED:
        raise dg.Failure(f"{site}: {missed.error}", allow_retries=False)
    return seen


def _seen(context: dg.AssetExecutionContext, outcome: str, why: str) -> dg.AssetObservation:
    """What the run, its log and the site's partition show of a site that was not pulled."""
    site = context.partition_key
    tag_run(context, {SITES: site, OUTCOME: outcome})
    context.log.info(f"{site}: {outcome}, nothing was pulled, and the steps after this one are skipped: {why}")
    return dg.AssetObservation(context.asset_key, partition=site, metadata={"outcome": outcome, "error": why})


def whole_cycle(
    context: dg.AssetExecutionContext, project: ProjectFolder
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation | dg.MaterializeResult[None]]:
    """A cycle of the one site, from the pull to what is told. Raises Failure where the site failed, or where not every
    change got a verdict: then nothing is routed."""
    site, asked = context.partition_key, project.asked([context.partition_key])
    pulled = pulled_rows(context, asked)
    if isinstance(pulled, dg.AssetObservation):
        _tell(context, asked)
        yield pulled
        return
    admission = run(admit_and_check, asked)
    if admission.unjudged:
        raise dg.Failure(f"{site}: some changes got no verdict, so nothing was routed", allow_retries=False)
    run(route_last, asked)
    sent = sum(one.sent for one in run_watched(context, deliver_alone, asked) if one.outcome == Outcome.OK)
    run(publish_last, asked)
    run(prune_last, asked)
    report = run(report_last, asked)
    _tell(context, asked)
    tag_run(context, {OUTCOME: outcome_of(report)})
    if report.failed:
        raise dg.Failure(f"{site}: {report.sites[0]['error']}", allow_retries=False)
    rows = {"site_changes": pulled, "deliveries": sent}
    # not of the other stages: Dagster would show their checks as not looked at
    for name in rows.keys() - {context.asset_key.to_user_string()}:
        yield dg.AssetMaterialization(name, partition=site, metadata={"dagster/row_count": rows[name]})
    counts = {"pulled": pulled, "admitted": admission.admitted, "rejected": admission.rejected,
              "waiting": admission.waiting, "sent": sent}  # fmt: skip
    yield dg.MaterializeResult(
        metadata={"cycle": report.number, "dagster/row_count": rows[context.asset_key.to_user_string()], **counts}
    )


def _tell(context: dg.AssetExecutionContext, asked: Asked) -> None:
    if trouble := tell_operators(asked.project, asked.now):
        context.log.warning(f"alerts: {trouble}")
