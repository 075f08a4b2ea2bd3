"""`status`: the sync report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from central.cycle.run import now
from central.own_place import behind_its_cycles
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table
from pipelines.cli.speech.warehouse import open_working
from pipelines.due_sites import next_due
from warehouse.exports import views
from warehouse.ledger import visits

_COLUMNS = {
    "site_code": "site",
    "status": "status",
    "store_codes": "stores",
    "last_contact_at": "last contact",
    "days_since_contact": "days",
    "next_due_at": "next due",
    "queue_out": "to send",
    "held_removals": "held removals",
    "held_changes": "held changes",
    "rejected": "rejected",
    "waiting": "waiting",
    "not_taken": "not taken",
    "oldest_pending_at": "oldest of these",
    "consecutive_failures": "failures",
    "last_error": "last error",
}


@command()
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    type=click.Choice(["overdue", "late", "error"]),
    help="Exit code 1 where a site has this status, or the warehouse is lost; may be given more than once.",
)
@in_folder
@as_json
def status(fail_on: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """The sync report: when each site was last heard, what waits, what was rejected.

    \b
    Example: supplysync status --fail-on overdue --fail-on error
    """
    with project(folder) as loaded, open_working(loaded) as con:
        rows: list[dict[str, Any]] = rows_of(views.read(con, "sync_status"))
        behind = behind_its_cycles(loaded, con)
        due = next_due(loaded.topology, visits.last_tries(con), now())
    for row in rows:
        row["next_due_at"] = due.get(row["site_id"])  # none: paused
    if as_json:
        show_json({"sites": rows, "behind": behind})
    else:
        show_table("Sync report", _COLUMNS, rows)
    is_unknown = bool(fail_on and behind)
    return int(is_unknown or any(row["status"] in fail_on for row in rows))
