"""The queues of sites, by table: counted live, never stored (M6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.cycle.fitness import leaving_now
from central.cycle.known import Known, known_of
from central.cycle.route import routed
from central.project import Project, ProjectError
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.pull.queue import queue_lengths
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse
from warehouse.ledger import change_sets


def queues(project: Project, sites: Sequence[Site]) -> list[dict[str, Any]]:
    """site, table, in, out; ``in`` is None where the site cannot be reached."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_of(con, project)
        contacted = [site.id for site in sites if site.id in known.sites and known.sites[site.id].bookmark]
        routes = routed(con, change_sets.positions(con, contacted))
    going = routes.group_by("site_id", "table_name").len().sort("site_id", "table_name").iter_rows()
    out = {(site_id, table): count for site_id, table, count in going}
    rows: list[dict[str, Any]] = []
    for site in sites:
        coming = _coming(project, known, site)
        tables = sorted({table for site_id, table in out if site_id == site.id} | set(coming or {}))
        rows += [
            {"site": site.code, "table": table, "in": None if coming is None else coming.get(table, 0),
             "out": out.get((site.id, table), 0)}
            for table in tables
        ]  # fmt: skip
        if coming is None and not tables:
            rows.append({"site": site.code, "table": "(not reached)", "in": None, "out": 0})
    return rows


def _coming(project: Project, known: Known, site: Site) -> dict[str, int] | None:
    remembered = known.sites.get(site.id)
    since = remembered.bookmark if remembered else None
    try:
        with open_site(project.database_url(site), project.folder) as db:
            return queue_lengths(db, since=since, schema=project.schema, leaving=leaving_now(project, known, site))
    except (Unreachable, SiteFailed, ProjectError):
        return None
