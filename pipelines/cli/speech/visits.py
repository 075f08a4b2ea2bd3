"""What a cycle did with each site, as `sync` and the demo show it."""

from __future__ import annotations

from central.project import Project
from pipelines.cli.speech.output import rows_of, show_json, show_table
from sync_rules.words import Outcome
from warehouse.connection import open_warehouse
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle

_COLUMNS = {
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


def show_visits(loaded: Project, as_json: bool) -> bool:
    """What the last cycle did, a row a site; whether no site failed."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        cycle = last_cycle(con)
        rows = rows_of(visits.of_cycle(con, cycle))
    for row in rows:
        row["seconds"] = round(row["pull_seconds"] + row["deliver_seconds"], 2)
    if as_json:
        show_json({"cycle": cycle, "sites": [{key: row[key] for key in _COLUMNS} for row in rows]})
    else:
        show_table(f"Cycle {cycle}", _COLUMNS, rows)
    return all(row["outcome"] != Outcome.FAILED for row in rows)
