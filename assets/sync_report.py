"""Asset: the sync report of the cycle; the step that fails a run when a site failed."""

import dagster as dg

from assets.border import run
from assets.deliveries import deliveries
from assets.resources import ProjectFolder
from central.cycle.stages import report_last

_COLUMNS = ("site_code", "outcome", "pulled", "admitted", "rejected", "waiting", "sent", "error")


@dg.asset(deps=[deliveries], group_name="cycle", pool="warehouse")
def sync_report(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """What happened with each site. By now everything is written: a site that failed fails the run, and
    one that could not be reached does not (B12)."""
    report = run(report_last, project.asked())
    records = [dg.TableRecord({key: row[key] for key in _COLUMNS}) for row in report.sites[:50]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in _COLUMNS])
    table = dg.MetadataValue.table(records, schema=schema)
    if report.failed:
        text = f"{len(report.failed)} sites failed: {', '.join(report.failed)}; everything else is written"
        raise dg.Failure(text, metadata={"sites": table}, allow_retries=False)
    return dg.MaterializeResult(metadata={"sites": table, "unreachable": ", ".join(report.unreachable) or "none"})


@dg.asset_check(asset=sync_report, pool="warehouse")
def every_due_site_was_reached(project: ProjectFolder) -> dg.AssetCheckResult:
    """A site that cannot be reached is normal, and visible."""
    report = run(report_last, project.asked())
    return dg.AssetCheckResult(
        passed=not report.unreachable,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"unreachable": ", ".join(report.unreachable) or "none"},
    )
