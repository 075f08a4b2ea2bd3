"""Asset: the change sets as the sites answered them."""

from collections.abc import Iterator

import dagster as dg

from assets.border import run_watched
from assets.change_sets import change_sets
from assets.partitions import sites
from assets.resources import ProjectFolder
from assets.runs.partition_events import plan_partitions
from assets.runs.run_tags import OUTCOME, tag_run
from assets.runs.whole_cycle import begins_here, is_partial, whole_cycle
from central.cycle.stages import deliver_alone, deliver_last
from sync_rules.words import Outcome


@dg.asset(
    deps=[dg.AssetDep(change_sets)],
    partitions_def=sites,
    group_name="cycle",
    kinds={"sql"},
    pool="warehouse",
    output_required=False,
)
def deliveries(
    context: dg.AssetExecutionContext, project: ProjectFolder
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation | dg.MaterializeResult[None]]:
    """Each change set applied at its site in one transaction, once; the sites' answers are kept (M4). Materialising it
    for one site runs a whole cycle of that site. Red: a site did not take what it was sent, and only its partition is;
    it is sent again with the next cycle, and `supplysync check` says what is wrong. More:
    `supplysync runbook a-site-failed`"""
    if is_partial(context) and begins_here(context):
        yield from whole_cycle(context, project)
        return
    asked = project.asked()
    results = run_watched(context, deliver_alone if context.has_partition_key else deliver_last, asked)
    codes = {site.id: site.code for site in asked.project.topology.sites}
    failed = [one for one in results if one.outcome == Outcome.FAILED]
    if context.has_partition_key:
        if failed:
            tag_run(context, {OUTCOME: f"failed: {context.partition_key}"})
            raise dg.Failure(f"{context.partition_key}: {failed[0].error}", allow_retries=False)
        yield dg.MaterializeResult(metadata={"dagster/row_count": sum(one.sent for one in results)})
        return
    for one in results:
        if one.outcome == Outcome.OK and one.sent:
            metadata = {"dagster/row_count": one.sent, "seconds": one.seconds}
            yield dg.AssetMaterialization(context.asset_key, partition=codes[one.site_id], metadata=metadata)
        elif one.outcome != Outcome.OK:
            said = {"outcome": str(one.outcome), "error": str(one.error)}
            yield dg.AssetObservation(context.asset_key, partition=codes[one.site_id], metadata=said)
    plan_partitions(context, context.asset_key, [codes[one.site_id] for one in failed])
    yield dg.MaterializeResult(metadata={"dagster/row_count": sum(one.sent for one in results)})
