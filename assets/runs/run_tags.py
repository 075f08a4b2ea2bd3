"""What a run is called in Dagster's list of runs: its cycle, its sites and what came of it, as tags."""

from collections.abc import Mapping, Sequence

import dagster as dg

from central.cycle.stages import Report

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
    parts += [f"unreachable: {sites_in_line(report.unreachable)}"] if report.unreachable else []
    parts += [f"blocked: {sites_in_line(report.blocked)}"] if report.blocked else []
    return "; ".join([*parts, f"{well} ok"])
