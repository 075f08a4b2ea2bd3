"""The one job: a cycle over all due sites, or over one (a partition)."""

import dagster as dg

from assets.change_sets import change_sets
from assets.deliveries import deliveries
from assets.published_snapshot import published_snapshot
from assets.replicas import replicas
from assets.site_changes import site_changes
from assets.sync_report import every_due_site_was_reached, sync_report

STAGES = [site_changes, replicas, change_sets, deliveries, published_snapshot, sync_report]
CHECKS = [every_due_site_was_reached]

sync_job = dg.define_asset_job(
    "sync",
    selection=dg.AssetSelection.assets(*STAGES),
    tags={"supplysync/warehouse": "writer"},
    description="One cycle: pull, admit, route, deliver and publish, for every due site or for one, as a partition.",
)
