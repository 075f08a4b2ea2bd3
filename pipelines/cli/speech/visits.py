"""What a cycle did with each site, as `sync` and the demo show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from central.project import Project
from pipelines.cli.speech.output import data, in_words, rows_of, show_json, show_table
from sync_rules.words import Outcome
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import unheard_sites

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


def show_visit_rows(title: str, rows: Sequence[Mapping[str, Any]], unheard: Collection[str]) -> None:
    """What a cycle did, and below it what went wrong, a line a site. ``unheard``: sites that never answered."""
    show_table(title, _VISIT_COLUMNS, in_words(rows, "outcome", unheard=unheard))
    for row in rows:
        if row["error"]:
            data.print(f"{row['site_code']}: {row['error']}")


def _held(con: Connection, codes: Collection[str]) -> list[str]:
    """What waits for an operator at the sites of a cycle, since it is so much (M8, B57), a line each."""
    found = [row for row in rows_of(views.read(con, "sync_status")) if row["site_code"] in codes]
    words = {"held_removals": "rows to be removed there", "held_changes": "changes found there"}
    return [
        f"{row['site_code']}: {row[column]:,} {what} are held: `supplysync queue {row['site_code']}` has them, "
        f"`supplysync release {row['site_code']} --reason WHY` lets them go"
        for row in found
        for column, what in words.items()
        if row[column]
    ]


def show_visits(loaded: Project, as_json: bool) -> bool:
    """What the last cycle did, a row a site; whether no site failed."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        cycle = last_cycle(con)
        rows = visit_rows(con, cycle)
        held, unheard = _held(con, [row["site_code"] for row in rows]), unheard_sites(con)
    if as_json:
        show_json({"cycle": cycle, "sites": rows})
    else:
        show_visit_rows(f"Cycle {cycle}", rows, unheard)
        for one in held:
            data.print(one)
    return all(row["outcome"] != Outcome.FAILED for row in rows)
