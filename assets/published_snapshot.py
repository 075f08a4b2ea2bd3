"""Asset: the snapshot that analysts and pages read."""

from collections.abc import Iterator

import dagster as dg

from assets.border import run
from assets.checks import result, spec
from assets.deliveries import deliveries
from assets.resources import ProjectFolder
from central.cycle.stages import look_for_patients, publish_last


@dg.asset(
    deps=[deliveries],
    group_name="cycle",
    kinds={"duckdb", "parquet"},
    pool="warehouse",
    check_specs=[spec("no_patient_data_in_the_snapshot", "published_snapshot")],
)
def published_snapshot(project: ProjectFolder) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The cycle as a database that is never written again, with each report as Parquet beside it (W1, B16). Whatever
    happened with a site, what is known is published, and says how complete it is. Red: readers have the last one; make
    room on the disk, or read what the run says, then `supplysync warehouse publish`. More:
    `supplysync runbook a-cycle-failed`"""
    asked = project.asked()
    published = run(publish_last, asked)
    yield dg.MaterializeResult(
        metadata={
            "number": published.snapshot.number,
            "path": dg.MetadataValue.path(str(published.snapshot.path)),
            "dagster/row_count": published.table_rows + published.report_rows,
            "changed_rows": published.changed_rows,
            "bytes": published.bytes,
            "seconds": round(published.seconds, 3),
            "report_seconds": round(published.report_seconds, 3),
            "written": f"anew: {published.why_full}" if published.why_full else "what changed",
            "broken_questions": ", ".join(sorted(published.broken)) or "none",
            "pruned": ", ".join(str(number) for number in published.pruned) or "none",
        }
    )
    seen = run(look_for_patients, asked)
    yield result("no_patient_data_in_the_snapshot", seen.found, tables=seen.tables, columns=seen.columns)
