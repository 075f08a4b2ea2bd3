"""`rejected list`, `rejected show`: the changes that were not admitted."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipelines.cli.options import in_folder, project
from pipelines.cli.output import as_json, rows_of, show_json, show_table
from sync_rules.reasons import REASONS
from warehouse import quarantine
from warehouse.connection import open_warehouse

_COLUMNS = {
    "id": "id",
    "site_code": "site",
    "table_name": "table",
    "record_id": "record",
    "op": "change",
    "verdict": "verdict",
    "reason": "reason",
    "first_seen_at": "first seen",
}


@click.group("rejected")
def group() -> None:
    """The changes that were rejected or that wait."""


@group.command("list")
@click.option("--site", help="Only those of this site, by code.")
@click.option("--waiting", is_flag=True, help="Those that wait, too.")
@in_folder
@as_json
def list_rejected(site: str | None, waiting: bool, folder: Path, as_json: bool) -> None:
    """List the rejected changes that nobody has dealt with.

    \b
    Example: supplysync rejected list --site clinic_1
    """
    with project(folder) as loaded, open_warehouse(loaded.warehouse, loaded.schema) as con:
        rows = rows_of(quarantine.open_entries(con, site=site, with_waiting=waiting))
    if as_json:
        show_json({"rejected": rows})
    else:
        show_table(f"{len(rows)} changes", _COLUMNS, rows)


@group.command("show")
@click.argument("id", type=int)
@in_folder
@as_json
def show(id: int, folder: Path, as_json: bool) -> None:  # noqa: A002 - the word of the command line
    """Show one rejected change whole: the site's version, central's, the rule and what it means.

    \b
    Example: supplysync rejected show 12
    """
    with project(folder) as loaded, open_warehouse(loaded.warehouse, loaded.schema) as con:
        entry = quarantine.entry(con, id)
    if entry is None:
        raise click.UsageError(f"no rejected change {id}; `supplysync rejected list` shows them")
    reason = REASONS[entry["reason"]]
    versions = {
        "site": json.loads(entry.pop("site_row") or "null"),
        "central": json.loads(entry.pop("central_row") or "null"),
    }
    if as_json:
        show_json({**entry, "rule": reason.rule, "explanation": reason.explanation, "versions": versions})
        return
    show_table(f"{entry['verdict']}: {reason.explanation} ({reason.rule})", {"key": "", "value": ""},
               [{"key": key, "value": value} for key, value in entry.items() if value is not None])  # fmt: skip
    columns = sorted((versions["site"] or {}).keys() | (versions["central"] or {}).keys())
    rows = [{"column": name, **{side: (row or {}).get(name) for side, row in versions.items()}} for name in columns]
    show_table("Both versions", {"column": "column", "site": "at the site", "central": "at central"}, rows)


COMMANDS = [group]
