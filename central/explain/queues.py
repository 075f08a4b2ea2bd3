"""The queues of sites, by table: counted live, never stored (M6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.cycle.route import routed
from central.project import Project, ProjectError
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.pull.queue import queue_lengths
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse
from warehouse.ledger import change_sets
from warehouse.ledger.sites import known_sites


def queues(project: Project, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """site, table, in, out; ``in`` is None where the site cannot be reached."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_sites(con)
        contacted = [site.id for site in sites if site.id in known and known[site.id].bookmark]
        routes = routed(con, change_sets.positions(con, contacted))
    going = routes.group_by("site_id", "table_name").len().sort("site_id", "table_name").iter_rows()
    out = {(site_id, table): count for site_id, table, count in going}
    rows: list[dict[str, Any]] = []
    for site in sites:
        bookmark = known[site.id].bookmark if site.id in known else None
        coming = _coming(project, site, bookmark)
        tables = sorted({table for site_id, table in out if site_id == site.id} | set(coming or {}))
        rows += [
            {"site": site.code, "table": table, "in": None if coming is None else coming.get(table, 0),
             "out": out.get((site.id, table), 0)}
            for table in tables
        ]  # fmt: skip
        if coming is None and not tables:
            rows.append({"site": site.code, "table": "(not reached)", "in": None, "out": 0})
    return rows


def _coming(project: Project, site: Site, bookmark: str | None) -> dict[str, int] | None:
    try:
        with open_site(project.database_url(site), project.folder) as db:
            return queue_lengths(db, bookmark)
    except (Unreachable, SiteFailed, ProjectError):
        return None
