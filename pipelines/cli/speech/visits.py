"""What a cycle did with each site, as `sync` and the demo show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.project import Project
from pipelines.cli.speech.output import data, rows_of, show_json, show_table
from sync_rules.words import Outcome
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle

_VISIT_COLUMNS = {
    "site_code": "site",
    "outcome": "outcome",
    "pulled": "pulled",
    "admitted": "admitted",
    "rejected": "rejected",
    "waiting": "waiting",
    "sent": "sent",
    "seconds": "seconds",
}


def visit_rows(con: Connection, cycle: int) -> list[dict[str, Any]]:
    """What a cycle did, a row a site, and what went wrong there, ``error``."""
    rows = rows_of(visits.of_cycle(con, cycle))
    for row in rows:
        row["seconds"] = round(row["pull_seconds"] + row["deliver_seconds"], 2)
    return [{key: row[key] for key in (*_VISIT_COLUMNS, "error")} for row in rows]


def show_visit_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """What a cycle did, and below it what went wrong, a line a site."""
    show_table(title, _VISIT_COLUMNS, rows)
    for row in rows:
        if row["error"]:
            data.print(f"{row['site_code']}: {row['error']}")


def show_visits(loaded: Project, as_json: bool) -> bool:
    """What the last cycle did, a row a site; whether no site failed."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        cycle = last_cycle(con)
        rows = visit_rows(con, cycle)
    if as_json:
        show_json({"cycle": cycle, "sites": rows})
    else:
        show_visit_rows(f"Cycle {cycle}", rows)
    return all(row["outcome"] != Outcome.FAILED for row in rows)
