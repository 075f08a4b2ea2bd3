"""`topology`: the versions of topology.toml that cycles went by (T9)."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table
from pipelines.cli.speech.topology import show_differences
from pipelines.cli.speech.warehouse import open_working
from sync_rules.screen import visible
from sync_rules.topology.differences import differences
from sync_rules.topology.file import parse
from warehouse.ledger.network.versions import Applied, versions


@group()
def topology() -> None:
    """The versions of topology.toml that were applied: when, by whom, and what each said otherwise."""


@topology.command("list")
@in_folder
@as_json
def list_versions(folder: Path, as_json: bool) -> None:
    """The versions, the last first.

    \b
    Example: supplysync topology list
    """
    rows = [
        {"version": one.version, "at": one.applied_at, "by": one.applied_by, "cycle": one.cycle}
        for one in _versions(folder)
    ]
    if as_json:
        show_json({"versions": rows})
        return
    show_table("Versions of the topology", {"version": "version", "at": "applied", "by": "by", "cycle": "cycle"}, rows)


@topology.command("show")
@click.argument("version", type=int)
@in_folder
def show_version(version: int, folder: Path) -> None:
    """The text of a version, as it was applied.

    \b
    Example: supplysync topology show 2
    """
    click.echo(visible(_version(_versions(folder), version).toml).rstrip("\n"))


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
    found = differences(*(parse(_version(known, number).toml) for number in (before, after)))
    if as_json:
        show_json({"differences": [vars(one) for one in found]})
        return
    show_differences(f"Version {after}, compared with version {before}", found)


def _versions(folder: Path) -> list[Applied]:
    with project(folder) as loaded, open_working(loaded) as con:
        return versions(con)


def _version(known: list[Applied], number: int) -> Applied:
    for one in known:
        if one.version == number:
            return one
    allowed = ", ".join(str(one.version) for one in reversed(known)) or "none yet, no cycle has run"
    raise click.UsageError(f"there is no version {number} of the topology; there are: {allowed}")
