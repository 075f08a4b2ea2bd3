"""Asset: the warehouse's replicas, after every change of the cycle was judged."""

from collections.abc import Iterator

import dagster as dg

from assets.resources import ProjectFolder
from assets.site_changes import site_changes
from central.cycle.run import admit_next
from warehouse.connection import open_warehouse
from warehouse.ledger import checks, visits


@dg.asset(
    deps=[site_changes],
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
    loaded = project.load()
    cycle = admit_next(loaded)
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        counts = visits.of_cycle(con, cycle) if cycle else visits.none()
        unjudged = checks.unjudged(counts)
        dangling = checks.dangling(con, loaded.schema)
    yield dg.MaterializeResult(
        metadata={
            "cycle": cycle or 0,
            "dagster/row_count": int(counts["admitted"].sum()),
            **{verdict: int(counts[verdict].sum()) for verdict in ("admitted", "rejected", "waiting")},
        }
    )
    yield dg.AssetCheckResult(
        check_name="every_change_has_a_verdict", passed=not unjudged, metadata={"sites": str(unjudged)}
    )
    yield dg.AssetCheckResult(
        check_name="replicas_refer_to_what_is_there",
        passed=not dangling,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"references": str(dangling)},
    )
