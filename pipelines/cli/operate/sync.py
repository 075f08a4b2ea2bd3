"""`sync`, `status`, `queue`: running cycles, and how the sites do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from central import decisions
from central.cycle.run import asked_by, now
from central.explain.queues import queues
from central.project import Project, chosen_sites
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table, talk
from warehouse.connection import open_warehouse
from warehouse.exports import views
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle

_SYNC_COLUMNS = {
    "site_code": "site",
    "outcome": "outcome",
    "pulled": "pulled",
    "admitted": "admitted",
    "rejected": "rejected",
    "waiting": "waiting",
    "sent": "sent",
    "seconds": "seconds",
    "error": "what went wrong",
}
_STATUS_COLUMNS = {
    "site_code": "site",
    "status": "status",
    "store_codes": "stores",
    "last_contact_at": "last contact",
    "days_since_contact": "days",
    "queue_out": "to send",
    "held_removals": "held removals",
    "rejected": "rejected",
    "waiting": "waiting",
    "oldest_pending_at": "oldest of these",
    "consecutive_failures": "failures",
    "last_error": "last error",
}


@click.command()
@click.argument("sites", nargs=-1)
@click.option("--watch", is_flag=True, help="Go on, a cycle a minute, until stopped.")
@in_folder
@as_json
def sync(sites: tuple[str, ...], watch: bool, folder: Path, as_json: bool) -> int:
    """Run one cycle over all enabled sites, or over SITES, as a Dagster run.

    \b
    Example: supplysync sync -C demo-network
             supplysync sync clinic_1
    """
    from pipelines.dagster_run import run_sync  # Dagster is slow to load and no other command needs it

    with project(folder) as loaded:
        chosen = [site.code for site in chosen_sites(loaded, sites or None)] if sites else []
        while True:
            before = _last_cycle(loaded)
            succeeded = run_sync(loaded, chosen, tell=lambda line: talk.print(f"  {line}", style="dim", markup=False))
            if _last_cycle(loaded) == before:
                raise click.ClickException("no cycle was admitted; what went wrong is above, and in Dagster's pages")
            show_visits(loaded, as_json)
            if not watch:
                return 0 if succeeded else 1
            time.sleep(60)


def _last_cycle(loaded: Project) -> int:
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        return last_cycle(con)


def show_visits(loaded: Project, as_json: bool) -> None:
    """What the last cycle did, a row a site."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        cycle = last_cycle(con)
        rows = rows_of(visits.of_cycle(con, cycle))
    for row in rows:
        row["seconds"] = round(row["pull_seconds"] + row["deliver_seconds"], 2)
    if as_json:
        show_json({"cycle": cycle, "sites": [{key: row[key] for key in _SYNC_COLUMNS} for row in rows]})
    else:
        show_table(f"Cycle {cycle}", _SYNC_COLUMNS, rows)


@click.command()
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    type=click.Choice(["overdue", "late", "error"]),
    help="Exit code 1 where a site has this status; may be given more than once.",
)
@in_folder
@as_json
def status(fail_on: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """The sync report: when each site was last heard, what waits, what was rejected.

    \b
    Example: supplysync status --fail-on overdue --fail-on error
    """
    with project(folder) as loaded, open_warehouse(loaded.warehouse, loaded.schema) as con:
        rows: list[dict[str, Any]] = rows_of(views.read(con, "sync_status"))
    if as_json:
        show_json({"sites": rows})
    else:
        show_table("Sync report", _STATUS_COLUMNS, rows)
    return int(any(row["status"] in fail_on for row in rows))


@click.command()
@click.argument("sites", nargs=-1)
@in_folder
@as_json
def queue(sites: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Records waiting to come in from SITES (or every site) and to go out to them, by table.

    \b
    Example: supplysync queue clinic_1
    """
    with project(folder) as loaded:
        rows = queues(loaded, chosen_sites(loaded, sites or None))
    if as_json:
        show_json({"queues": rows})
        return
    show_table("Queues", {"site": "site", "table": "table", "in": "to come in", "out": "to go out"}, rows)


@click.command()
@click.argument("site")
@click.option("--reason", required=True, help="Why it is right that so much goes.")
@in_folder
def release(site: str, reason: str, folder: Path) -> None:
    """Let a held mass removal at SITE go with its next cycle.

    \b
    Example: supplysync release clinic_1 --reason "the store moved to the hospital"
    """
    with project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (site,))
        with open_warehouse(loaded.warehouse, loaded.schema) as con:
            held = [row for row in rows_of(views.read(con, "sync_status")) if row["site_code"] == chosen.code]
        if not held or held[0]["held_removals"] is None:
            raise click.UsageError(f"nothing is held for `{site}`; `supplysync status` shows what is")
        decisions.decide(loaded.pulls, "release", site, reason=reason, now=now(), decided_by=asked_by())
        talk.print(f"{site}: {held[0]['held_removals']:,} rows will be removed with its next cycle")


COMMANDS = [sync, status, queue, release]
