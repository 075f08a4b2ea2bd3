"""What a run is called in Dagster's list of runs: its cycle, its sites and what came of it, as tags."""

from collections.abc import Mapping, Sequence

import dagster as dg

from central.cycle.stages import Report
from sync_rules.for_people.states import word_of

CYCLE, SITES, OUTCOME = "cycle", "sites", "outcome"
"""Short, as the list of runs has little room for tags."""

_NAMED = 3


def tag_run(context: dg.AssetExecutionContext, tags: Mapping[str, str]) -> None:
    """Adds tags to the run that goes on; those that it has already are said anew."""
    context.instance.add_run_tags(context.run.run_id, tags)


def sites_in_line(codes: Sequence[str]) -> str:
    """Codes of sites in a line; where they are many, how many."""
    return ", ".join(codes) if len(codes) <= _NAMED else f"{len(codes)} sites"


def tag_outcome(context: dg.AssetExecutionContext, report: Report) -> None:
    """Adds what came of a cycle; of one that visits no site, what was applied, if the run has said so."""
    now = context.instance.get_run_by_id(context.run.run_id)  # the context's own run has what it began with
    if report.sites or now is None or OUTCOME not in now.tags:
        tag_run(context, {OUTCOME: outcome_of(report)})


def outcome_of(report: Report) -> str:
    """What came of a cycle, in a line, what is wrong first: ``unreachable: clinic; 2 ok``."""
    if not report.sites:
        return "no site"
    well = len(report.sites) - len(report.failed) - len(report.unreachable) - len(report.blocked)
    parts = [f"failed: {sites_in_line(report.failed)}"] if report.failed else []
    never = {one["site_code"] for one in report.silent if one["status"] == "never"}
    for was_heard in (True, False):
        codes = [code for code in report.unreachable if (code not in never) == was_heard]
        parts += [f"{word_of('unreachable', was_heard=was_heard)}: {sites_in_line(codes)}"] if codes else []
    parts += [f"blocked: {sites_in_line(report.blocked)}"] if report.blocked else []
    return "; ".join([*parts, f"{well} ok"])
