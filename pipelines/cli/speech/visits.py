"""What a cycle did with each site, as `sync` and the demo show it."""

from __future__ import annotations

from typing import Any

from central.project import Project
from pipelines.cli.speech.output import rows_of, show_json, show_table
from sync_rules.words import Outcome
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle

VISIT_COLUMNS = {
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


def visit_rows(con: Connection, cycle: int) -> list[dict[str, Any]]:
    """What a cycle did, a row a site, by the keys of ``VISIT_COLUMNS``."""
    rows = rows_of(visits.of_cycle(con, cycle))
    for row in rows:
        row["seconds"] = round(row["pull_seconds"] + row["deliver_seconds"], 2)
    return [{key: row[key] for key in VISIT_COLUMNS} for row in rows]


def show_visits(loaded: Project, as_json: bool) -> bool:
    """What the last cycle did, a row a site; whether no site failed."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        cycle = last_cycle(con)
        rows = visit_rows(con, cycle)
    if as_json:
        show_json({"cycle": cycle, "sites": rows})
    else:
        show_table(f"Cycle {cycle}", VISIT_COLUMNS, rows)
    return all(row["outcome"] != Outcome.FAILED for row in rows)
