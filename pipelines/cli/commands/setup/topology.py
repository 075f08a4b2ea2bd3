"""`topology`: the versions of topology.toml that cycles went by (T9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pipelines.cli.clock import moment_named
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table
from pipelines.cli.speech.topology import show_differences
from pipelines.cli.speech.warehouse import open_working
from sync_rules.screen import visible
from sync_rules.topology.differences import Difference, differences
from sync_rules.topology.file import parse_applied
from warehouse.ledger.network.versions import Applied, versions

_LISTED, _LONGEST = 1, 42
"""Of what a version changed, so much fits beside the rest of its row into 100 columns."""


@group()
def topology() -> None:
    """The versions of topology.toml that were applied: when, by whom, and what each said otherwise."""


@topology.command("list")
@in_folder
@as_json
def list_versions(folder: Path, as_json: bool) -> None:
    """The versions, the last first: when each was applied, by whom, and what it changed.

    \b
    Example: supplysync topology list
    """
    rows: list[dict[str, Any]] = [
        {"version": one.version, "at": one.applied_at, "by": one.applied_by, "cycle": one.cycle, "what": what}
        for one, what in _with_changes(_versions(folder))
    ]
    if as_json:
        show_json({"versions": rows})
        return
    columns = {"version": "version", "at": "applied", "by": "by", "what": "what it changed"}
    shown = [{**row, "what": _shortly(row["what"])} for row in rows]
    show_table("Versions of the topology", columns, shown)


@topology.command("show")
@click.argument("version", type=int)
@in_folder
@as_json
def show_version(version: int, folder: Path, as_json: bool) -> None:
    """The text of a version, as it was applied, under comments that say when, by whom, and what it changed.

    With --json the plan too that was shown before it was applied.

    \b
    Example: supplysync topology show 2
    """
    known = _versions(folder)
    found = _version(known, version)
    [what] = [what for one, what in _with_changes(known) if one is found]
    plan = json.loads(found.plan) if found.plan else None
    if as_json:
        show_json({**vars(found), "plan": plan, "what": what})
        return
    click.echo(f"# Version {version}, applied {moment_named(found.applied_at)} by {visible(found.applied_by)}, "
               f"{_how(plan)}: cycle {found.cycle}")  # fmt: skip
    for one in what:
        click.echo(f"# {visible(one)}")
    click.echo(visible(found.toml).rstrip("\n"))


@topology.command("diff")
@click.argument("before", type=int)
@click.argument("after", type=int)
@in_folder
@as_json
def diff_versions(before: int, after: int, folder: Path, as_json: bool) -> None:
    """What version AFTER says otherwise than version BEFORE.

    \b
    Example: supplysync topology diff 1 2
    """
    known = _versions(folder)
    found = differences(*(parse_applied(_version(known, number).toml) for number in (before, after)))
    if as_json:
        show_json({"differences": [vars(one) for one in found]})
        return
    show_differences(f"Version {after}, compared with version {before}", found)


def _versions(folder: Path) -> list[Applied]:
    with project(folder) as loaded, open_working(loaded) as con:
        return versions(con)


def _with_changes(known: list[Applied]) -> Iterator[tuple[Applied, list[str]]]:
    """Each version, and what it says otherwise than the one before."""
    read = [parse_applied(one.toml) for one in known]
    for version, now, before in zip(known, read, [*read[1:], None], strict=True):
        plan = json.loads(version.plan) if version.plan else {}
        told = plan.get("differences", [])
        found = [Difference(**one) for one in told] or (differences(before, now) if before else [])
        yield version, _steered(plan) + [one.words for one in found] or ["the first one"]


def _how(plan: dict[str, Any] | None) -> str:
    if plan is None:
        return "by a cycle, as it moves no record"
    steered, forced = _steered(plan), plan.get("forced", [])
    by = "by `apply" + "".join(f" --force {site}" for site in forced) + "`"
    return ", ".join(steered) or by


def _steered(plan: dict[str, Any]) -> list[str]:
    """The moves that a version called off or sent elsewhere."""
    why = f" ({plan['reason']})" if plan.get("reason") else ""
    return [f"move {number} {what}{why}" for number, what in sorted(plan.get("moves", {}).items())]


def _shortly(what: list[str]) -> str:
    listed = [one if len(one) <= _LONGEST else f"{one[:_LONGEST]}..." for one in what[:_LISTED]]
    return "; ".join(listed) + (f"; and {len(what) - _LISTED} more" if len(what) > _LISTED else "")


def _version(known: list[Applied], number: int) -> Applied:
    for one in known:
        if one.version == number:
            return one
    allowed = ", ".join(str(one.version) for one in reversed(known)) or "none yet, no cycle has run"
    raise click.UsageError(f"there is no version {number} of the topology; there are: {allowed}")
