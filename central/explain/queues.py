"""The queues of sites, by table: counted live, never stored (M6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.cycle.routes import routed
from central.project import Project, ProjectError
from central.visits.fitness import leaving_now
from central.visits.known import Known, known_of
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.pull.queue import queue_lengths
from sync_rules.topology.topology import Site
from warehouse.connection import Connection
from warehouse.ledger import change_sets
from warehouse.records.sequence import last_seq


@dataclass(frozen=True)
class AtCentral:
    """What the warehouse says of queues: what is known of sites, and how many records of a table go ``out`` to one."""

    known: Known
    out: Mapping[tuple[int, str], int]


def at_central(con: Connection, project: Project, sites: Sequence[Site]) -> AtCentral:
    """Central's end of the queues; the warehouse is needed for no longer, however slowly sites answer."""
    known = known_of(con, project)
    contacted = [site.id for site in sites if site.id in known.sites and known.sites[site.id].bookmark]
    routes = routed(con, change_sets.positions(con, contacted), last_seq(con))
    going = routes.group_by("site_id", "table_name").len().sort("site_id", "table_name").iter_rows()
    return AtCentral(known, {(site_id, table): count for site_id, table, count in going})


def queues(project: Project, sites: Sequence[Site], here: AtCentral) -> list[dict[str, Any]]:
    """site, table, in, out; ``in`` is None where the site cannot be reached."""
    out = here.out
    rows: list[dict[str, Any]] = []
    for site in sites:
        coming = coming_in(project, here.known, site)
        tables = sorted({table for site_id, table in out if site_id == site.id} | set(coming or {}))
        rows += [
            {"site": site.code, "table": table, "in": None if coming is None else coming.get(table, 0),
             "out": out.get((site.id, table), 0)}
            for table in tables
        ]  # fmt: skip
        if coming is None and not tables:
            rows.append({"site": site.code, "table": "(not reached)", "in": None, "out": 0})
    return rows


def coming_in(project: Project, known: Known, site: Site) -> dict[str, int] | None:
    """How many records of each table wait at a site to come in; None where it is not reached."""
    remembered = known.sites.get(site.id)
    since = remembered.bookmark if remembered else None
    try:
        with open_site(project.database_url(site), project.folder) as db:
            return queue_lengths(db, since=since, schema=project.schema, leaving=leaving_now(project, known, site))
    except (Unreachable, SiteFailed, ProjectError):
        return None
