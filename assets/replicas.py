"""Asset: the warehouse's replicas, after every change of the cycle was judged."""

from collections.abc import Iterator

import dagster as dg

from assets.border import run
from assets.resources import ProjectFolder
from assets.site_changes import site_changes
from assets.topology import topology
from central.cycle.stages import admit_and_check


@dg.asset(
    deps=[site_changes, topology],
    group_name="cycle",
    kinds={"duckdb"},
    pool="warehouse",
    check_specs=[
        dg.AssetCheckSpec("every_change_has_a_verdict", asset="replicas", blocking=True),
        dg.AssetCheckSpec("replicas_refer_to_what_is_there", asset="replicas"),
    ],
)
def replicas(project: ProjectFolder) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The read-only copies of all tables: exactly the admitted state, with cursors and verdicts (A1, A6, M1)."""
    found = run(admit_and_check, project.asked())
    yield dg.MaterializeResult(
        metadata={
            "cycle": found.cycle or 0,
            "dagster/row_count": found.admitted,
            "admitted": found.admitted,
            "rejected": found.rejected,
            "waiting": found.waiting,
        }
    )
    yield dg.AssetCheckResult(
        check_name="every_change_has_a_verdict", passed=not found.unjudged, metadata={"sites": str(found.unjudged)}
    )
    yield dg.AssetCheckResult(
        check_name="replicas_refer_to_what_is_there",
        passed=not found.dangling,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"references": str(found.dangling)},
    )
