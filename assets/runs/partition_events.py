"""Marks a site's partition as failed: the one place that touches what Dagster keeps internal (B12).

Dagster shows a partition as failed when a run planned it, did not materialise it, and failed. A run over
all sites plans none, so it is planned here for the sites that failed. Where a later Dagster has moved
these names the run goes on, with a warning, and the sync report still says which sites failed.
"""

import logging
from collections.abc import Sequence

import dagster as dg


def plan_partitions(context: dg.AssetExecutionContext, asset_key: dg.AssetKey, partitions: Sequence[str]) -> bool:
    """Plans ``partitions`` of an asset in this run. Returns False where Dagster would not have it."""
    try:
        from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent

        for partition in partitions:
            planned = AssetMaterializationPlannedData(asset_key, partition=partition, partitions_subset=None)
            event = DagsterEvent.build_asset_materialization_planned_event(
                context.job_name, context.op_execution_context.op.name, planned
            )
            context.instance.report_dagster_event(event, context.run.run_id, logging.DEBUG)
    except (ImportError, AttributeError, TypeError) as error:
        context.log.warning(f"the partitions of failed sites could not be marked: {error!r}")
        return False
    return True
