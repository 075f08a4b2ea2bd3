"""The jobs: a cycle over all due sites, or over one (a partition); one that applies topology.toml."""

import dagster as dg

from assets.change_sets import change_sets
from assets.deliveries import deliveries
from assets.published_snapshot import published_snapshot
from assets.replicas import replicas
from assets.retention import retention
from assets.site_changes import site_changes
from assets.sync_report import sync_report
from assets.topology import topology

CYCLE = [site_changes, replicas, change_sets, deliveries, published_snapshot, retention, sync_report]
STAGES = [topology, *CYCLE]

sync_job = dg.define_asset_job(
    "sync",
    selection=dg.AssetSelection.assets(*CYCLE),
    tags={"supplysync/warehouse": "writer"},
    description="One cycle: pull, admit, route, deliver, publish, prune; for all due sites or for one, as a partition. "
    "A run's tags say which cycle, which sites and what came of it. Red: a site failed, which its last step names, or "
    "a step could not do its work: the next cycle goes on from there. More: `supplysync runbook a-cycle-failed`",
)

apply_job = dg.define_asset_job(
    "apply",
    selection=dg.AssetSelection.assets(topology, *CYCLE[1:]),
    tags={"supplysync/warehouse": "writer"},
    description="Applies topology.toml in a cycle that pulls nothing; what sites gain and lose goes out with the next. "
    "Red: nothing was applied; `supplysync plan` says what is to be done first. More: "
    "`supplysync runbook topology-waits-for-apply`",
)
