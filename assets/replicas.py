"""Asset: the warehouse's replicas, after every change of the cycle was judged."""

from collections.abc import Iterator

import dagster as dg

from assets.border import run
from assets.checks import result, spec
from assets.resources import ProjectFolder
from assets.runs.run_tags import CYCLE, tag_run
from assets.site_changes import site_changes
from assets.topology import topology
from central.cycle.stages import admit_and_check


@dg.asset(
    deps=[site_changes, topology],
    group_name="cycle",
    kinds={"duckdb"},
    pool="warehouse",
    check_specs=[
        spec("every_change_has_a_verdict", "replicas", blocking=True),
        spec("replicas_refer_to_what_is_there", "replicas"),
        spec("every_record_has_one_owner", "replicas"),
    ],
)
def replicas(
    context: dg.AssetExecutionContext, project: ProjectFolder
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The read-only copies of all tables: exactly the admitted state, with cursors and verdicts (A1, A6, M1).
    Red: what was pulled is kept and admitted by the next cycle; the run says what stands in its way, and so does
    `supplysync check`. More: `supplysync runbook a-cycle-failed`"""
    found = run(admit_and_check, project.asked())
    if found.cycle:
        tag_run(context, {CYCLE: str(found.cycle)})
    yield dg.MaterializeResult(
        metadata={
            "cycle": found.cycle or 0,
            "dagster/row_count": found.admitted,
            "admitted": found.admitted,
            "rejected": found.rejected,
            "waiting": found.waiting,
        }
    )
    counts = {name: getattr(found, name) for name in ("pulled", "admitted", "rejected", "waiting", "besides")}
    yield result("every_change_has_a_verdict", found.unjudged, **counts)
    yield result("replicas_refer_to_what_is_there", found.dangling, is_error=False, records=found.records)
    yield result("every_record_has_one_owner", found.not_owned_once, records=found.records)
