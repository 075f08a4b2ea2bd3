"""Asset: the changes of every due site, landed as files."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from assets.border import run_watched
from assets.partitions import known_sites, only_site, sites
from assets.resources import ProjectFolder
from assets.runs.partition_events import plan_partitions
from assets.runs.run_tags import CYCLE, SITES, sites_in_line, tag_run
from assets.runs.whole_cycle import is_partial, pulled_rows, whole_cycle
from central.cycle.stages import pull_due
from central.cycle_file import Cycle
from sync_rules.words import Outcome


class Due(dg.Config):
    """Which sites to pull; every enabled site where none is named."""

    only: list[str] = []  # noqa: RUF012 - Dagster reads the default


@dg.asset(
    partitions_def=sites,
    group_name="cycle",
    kinds={"sql", "parquet"},
    pool="warehouse",
    output_required=False,
)
def site_changes(
    context: dg.AssetExecutionContext, config: Due, project: ProjectFolder
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation | dg.MaterializeResult[None]]:
    """What people changed at each due site since its last pull, landed as immutable Parquet (P2, P5). Materialising it
    for one site runs a whole cycle of that site; of one that is paused it does nothing, and one that cannot be reached
    is no failure: the run says so. Red: a site failed, and only its partition is; `supplysync check` says why. More:
    `supplysync runbook a-site-failed`"""
    if is_partial(context):
        yield from whole_cycle(context, project)
        return
    asked = project.asked(only_site(context) or config.only or None)
    codes = {site.id: site.code for site in asked.project.topology.sites}
    known_sites(context, list(codes.values()))
    if context.has_partition_key:
        found = pulled_rows(context, asked)
        yield dg.MaterializeResult(metadata={"dagster/row_count": found}) if isinstance(found, int) else found
        return
    cycle = run_watched(context, pull_due, asked)
    tried = sorted([codes[one.site_id] for one in cycle.pulled] + [codes[one.site_id] for one in cycle.missed])
    tag_run(context, {CYCLE: str(cycle.number), SITES: sites_in_line(tried)})
    for one in cycle.pulled:
        if one.rows:
            metadata = {"dagster/row_count": one.rows, "seconds": one.seconds}
            yield dg.AssetMaterialization(context.asset_key, partition=codes[one.site_id], metadata=metadata)
    for missed in cycle.missed:
        said = {"outcome": str(missed.outcome), "error": missed.error}
        yield dg.AssetObservation(context.asset_key, partition=codes[missed.site_id], metadata=said)
    failed = [codes[missed.site_id] for missed in cycle.missed if missed.outcome == Outcome.FAILED]
    plan_partitions(context, context.asset_key, failed)
    yield dg.MaterializeResult(metadata=_summary(codes, cycle))


def _summary(codes: Mapping[int, str], cycle: Cycle) -> dict[str, Any]:
    schema = dg.TableSchema(
        columns=[dg.TableColumn("site"), dg.TableColumn("outcome"), dg.TableColumn("changes", "int")]
    )
    records = [
        *(
            dg.TableRecord({"site": codes[one.site_id], "outcome": str(Outcome.OK), "changes": one.rows})
            for one in cycle.pulled
        ),
        *(
            dg.TableRecord({"site": codes[one.site_id], "outcome": f"{one.outcome}: {one.error}", "changes": 0})
            for one in cycle.missed
        ),
    ]
    return {
        "cycle": cycle.number,
        "dagster/row_count": sum(one.rows for one in cycle.pulled),
        "sites": dg.MetadataValue.table(records[:50], schema=schema),
    }
