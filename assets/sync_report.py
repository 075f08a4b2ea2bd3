"""Asset: the sync report of the cycle; the step that fails a run when a site failed."""

import dagster as dg

from assets.deliveries import deliveries
from assets.resources import ProjectFolder
from warehouse.connection import open_warehouse
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle

_COLUMNS = ("site_code", "outcome", "pulled", "admitted", "rejected", "waiting", "sent", "error")


@dg.asset(deps=[deliveries], group_name="cycle", pool="warehouse")
def sync_report(project: ProjectFolder) -> dg.MaterializeResult[None]:
    """What happened with each site. By now everything is written: a site that failed fails the run, and
    one that could not be reached does not (B12)."""
    loaded = project.load()
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        report = visits.of_cycle(con, last_cycle(con))
    records = [dg.TableRecord({key: row[key] for key in _COLUMNS}) for row in report.to_dicts()[:50]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in _COLUMNS])
    table = dg.MetadataValue.table(records, schema=schema)
    failed = [row["site_code"] for row in report.to_dicts() if row["outcome"] == "failed"]
    if failed:
        text = f"{len(failed)} sites failed: {', '.join(failed)}; everything else is written"
        raise dg.Failure(text, metadata={"sites": table}, allow_retries=False)
    away = [row["site_code"] for row in report.to_dicts() if row["outcome"] == "unreachable"]
    return dg.MaterializeResult(metadata={"sites": table, "unreachable": ", ".join(away) or "none"})


@dg.asset_check(asset=sync_report, pool="warehouse")
def every_due_site_was_reached(project: ProjectFolder) -> dg.AssetCheckResult:
    """A site that cannot be reached is normal, and visible."""
    loaded = project.load()
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        report = visits.of_cycle(con, last_cycle(con))
    away = [row["site_code"] for row in report.to_dicts() if row["outcome"] == "unreachable"]
    return dg.AssetCheckResult(
        passed=not away, severity=dg.AssetCheckSeverity.WARN, metadata={"unreachable": ", ".join(away) or "none"}
    )
