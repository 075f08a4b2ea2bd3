"""What naming a lost server's line would do at each site, looked at before it is done (B53, B51)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from central.project import Project, ProjectError
from central.visits.fitness import leaving_now
from central.visits.known import Known, known_of
from central.working_warehouse import open_to_read
from sites.capture.bookmark import Bookmark, is_in_log
from sites.capture.line import line_met
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.pull.queue import queue_lengths
from sync_rules.topology.topology import Site


@dataclass(frozen=True)
class SupersededSite:
    """``line``: the server that the site goes on with, None where it met none or could not be asked. ``comes``: it
    would come here. ``records``: of its own, those that central would take in; None where its log has no place that
    central knows, so that all of it is read and compared. ``problem``: why it could not be asked."""

    site: str
    line: str | None = None
    comes: bool = False
    records: int | None = None
    problem: str | None = None


def superseded_sites(project: Project, lines: Sequence[str]) -> list[SupersededSite]:
    """How each site that is not paused stands towards the servers of ``lines``, in the order of the file."""
    with open_to_read(project) as con:
        known = known_of(con, project)
    return [_looked_at(project, known, site, lines) for site in project.topology.sites if site.is_enabled]


def _looked_at(project: Project, known: Known, site: Site, lines: Sequence[str]) -> SupersededSite:
    try:
        with open_site(project.database_url(site), project.folder) as db:
            met = line_met(db)
            if met is None or met.id not in lines:
                return SupersededSite(site.code, met.id if met else None)
            return SupersededSite(site.code, met.id, comes=True, records=_records(db, project, known, site))
    except (Unreachable, SiteFailed, ProjectError) as error:
        return SupersededSite(site.code, problem=str(error))


def _records(db: SiteDatabase, project: Project, known: Known, site: Site) -> int | None:
    read = known.sites.get(site.id)
    if read is None or read.bookmark is None:
        return None
    with db.transaction(write=False):
        if not is_in_log(db, Bookmark.of_text(read.bookmark)):
            return None
    lengths = queue_lengths(db, since=read.bookmark, schema=project.schema, leaving=leaving_now(project, known, site))
    return sum(lengths.values())
