"""Asset: the sync report of the cycle; the step that fails a run when a site failed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.border import run
from assets.checks import result, spec
from assets.deliveries import deliveries
from assets.resources import ProjectFolder
from assets.runs.run_tags import tag_outcome
from central.alerts.round import tell_operators
from central.cycle.stages import report_last
from central.verification.rota import PartVerified, verify_in_turn
from sync_rules.for_people.states import word_of

_COLUMNS = ("site_code", "outcome", "pulled", "admitted", "rejected", "waiting", "sent", "error")


@dg.asset(
    deps=[deliveries],
    group_name="cycle",
    pool="warehouse",
    check_specs=[spec(name, "sync_report") for name in ("every_due_site_was_reached", "sites_have_what_central_has")],
)
def sync_report(
    context: dg.AssetExecutionContext, project: ProjectFolder
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What happened with each site. By now everything is written: a site that failed fails the run, and
    one that could not be reached does not (B12). Before that operators are told, as [alerts] in topology.toml says.
    Red: a site failed; the table of this step says which and why. More: `supplysync runbook a-site-failed`"""
    asked = project.asked()
    report = run(report_last, asked)
    if trouble := tell_operators(asked.project, asked.now):
        context.log.warning(f"alerts: {trouble}")
    records = [dg.TableRecord({key: row[key] for key in _COLUMNS}) for row in report.sites[:50]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in _COLUMNS])
    table = dg.MetadataValue.table(records, schema=schema)
    missed = [*report.unreachable, *report.blocked]
    reached = len(report.sites) - len(missed)
    silent = [one["site_code"] for one in report.silent]
    yield result(
        "every_due_site_was_reached",
        [*missed, *(code for code in silent if code not in missed)],
        is_error=False,
        due=len(report.sites),
        reached=reached,
        silent=_silences(report.silent),
    )
    tag_outcome(context, report)
    yield _verified(run(verify_in_turn, asked))
    if report.failed:
        number = len(report.failed)
        text = (
            f"{number} site{'s' if number > 1 else ''} failed: {', '.join(report.failed)}; everything else is written"
        )
        raise dg.Failure(text, metadata={"sites": table}, allow_retries=False)
    yield dg.MaterializeResult(metadata={"sites": table, "unreachable": ", ".join(report.unreachable) or "none"})


def _silences(silent: Sequence[Mapping[str, Any]]) -> str:
    """Each silent site with since when and what was heard last, in the words of the sync report."""
    said = []
    for one in silent:
        heard = one["last_contact_at"]
        since = [f"last heard {heard.isoformat(timespec='minutes')}"] if heard else []
        why = ", ".join([*since, *([one["last_error"]] if one["last_error"] else [])])
        said.append(f"{one['site_code']} ({word_of(one['status'])}){f': {why}' if why else ''}")
    return "; ".join(said[:50]) or "none"


def _verified(part: PartVerified) -> dg.AssetCheckResult:
    """What was looked at, and the first that differs; a site that cannot be reached is no finding."""
    differences = part.found.differences if part.found else None
    rows = differences.to_dicts() if differences is not None else []
    return result(
        "sites_have_what_central_has",
        [f"{one['table_name']} {one['record_id']} {one['what']}" for one in rows],
        is_error=False,
        site=part.site or "none was reached",
        tables=", ".join(part.tables),
        records=part.found.records if part.found else 0,
        differing=len(rows),
        put_right=part.repaired,
        said=(part.found.said if part.found else None) or "compared",
    )
