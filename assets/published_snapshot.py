"""Asset: the snapshot that analysts and pages read."""

import dagster as dg

from assets.border import run
from assets.deliveries import deliveries
from assets.resources import ProjectFolder
from central.cycle.stages import publish_last


@dg.asset(deps=[deliveries], group_name="cycle", kinds={"duckdb", "parquet"}, pool="warehouse")
def published_snapshot(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """The cycle as a database that is never written again, with each report as Parquet beside it (W1, B16). Whatever
    happened with a site, what is known is published, and says how complete it is."""
    published = run(publish_last, project.asked())
    return dg.MaterializeResult(
        metadata={
            "number": published.snapshot.number,
            "path": dg.MetadataValue.path(str(published.snapshot.path)),
            "dagster/row_count": published.table_rows + published.report_rows,
            "changed_rows": published.changed_rows,
            "bytes": published.bytes,
            "seconds": round(published.seconds, 3),
            "report_seconds": round(published.report_seconds, 3),
            "written": f"anew: {published.why_full}" if published.why_full else "what changed",
            "pruned": ", ".join(str(number) for number in published.pruned) or "none",
        }
    )
