"""How each site does, and one site with its last visits."""

from __future__ import annotations

from typing import Any

from dashboard import filters
from dashboard.conditions import SORTS_OF_STORES
from dashboard.languages.text import no_such
from dashboard.view import NotThere, View

_VISITS = 50
_MOVES = 50
_CHANGES = 20


def sync(view: View) -> dict[str, Any]:
    """What waits for an operator, stores on their way, and one row a site, the longest silence first."""
    view.only("status", "silent", "site", "sort", *SORTS_OF_STORES)
    stores: dict[str, list[str]] = {}
    for row in view.reading.rows("select site_code, store_code from reports.stores order by all"):
        stores.setdefault(row["site_code"], []).append(row["store_code"])
    under_way = f"from reports.moves where state not in ('done', 'cancelled') limit {_MOVES:d}"
    moves = view.reading.rows(under_way) if view.reading.holds("moves") else []
    return {"found": view.paged(view.where("sync_status")), "stores": stores, "moves": moves}


def site(view: View, code: str) -> dict[str, Any]:
    """One site: how it stands, its stores, its last visits, what of it was refused or waits. Raises NotThere."""
    view.only()
    found = view.reading.rows("from reports.sync_status where site_code = ?", [code])
    if not found:
        raise NotThere(no_such("site", code))
    visits = view.reading.rows(
        f"from reports.site_visits where site_code = ? order by cycle desc limit {_VISITS:d}", [code]
    )
    longest = max((visit["pull_seconds"] + visit["deliver_seconds"] for visit in visits), default=0.0)
    return {
        "site": found[0],
        "stores": view.reading.rows("from reports.stores where site_code = ? order by store_code", [code]),
        "tables": filters.read(view.reading, filters.where(view.reading, "site_tables", {"site": code})),
        "visits": visits,
        "longest": longest,
        "changes": {
            name: _open(view, f"{name}_changes", code)
            for name in ("rejected", "waiting")
            if view.reading.holds(f"{name}_changes")
        },
    }


def _open(view: View, report: str, code: str) -> list[dict[str, Any]]:
    found = filters.where(view.reading, report, {"site": code, "state": "open"})
    return filters.read(view.reading, found, tail=f"limit {_CHANGES:d}", order="first_seen_at desc, number")
