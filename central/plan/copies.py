"""Whose copy a database is that is to become another site's own, and what is in it that central never got (O5, B51)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from central.project import Project, ProjectError
from central.visits.fitness import leaving_now
from central.visits.known import Known, known_of
from sites.capture import identity
from sites.capture.bookmark import Bookmark, is_in_log
from sites.engines.connection import SiteDatabase, open_site
from sites.pull.queue import queue_lengths
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse


@dataclass(frozen=True)
class Copied:
    """``whose``: the code of the site whose database the copy is; ``unsent``: by table how many records are in it that
    central did not get from that site, None where its log has no place that central knows."""

    whose: str
    unsent: Mapping[str, int] | None


def copied_from(project: Project, site: Site) -> Copied:
    """Of which site the database of ``site`` is a copy. Raises ProjectError where it is none, or where central has
    read the site already; SiteFailed, Unreachable."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_of(con, project)
    remembered = known.sites.get(site.id)
    if remembered is not None and remembered.bookmark is not None:
        raise ProjectError(_of_one_that_was_pulled(project, site))
    with open_site(project.database_url(site), project.folder) as db:
        own = identity.read_identity(db)
        if own is None or own.site_id == site.id:
            raise ProjectError(
                f"the database of `{site.code}` is no other site's: `supplysync sync {site.code}` takes it"
            )
        return Copied(own.site_code, _unsent(db, project, known, own.site_id))


def _of_one_that_was_pulled(project: Project, site: Site) -> str:
    """Why its database is not renewed: it had its own, which goes on, is let in again, or is filled anew."""
    with open_site(project.database_url(site), project.folder) as db:
        own = identity.read_identity(db)
    if own is not None and own.site_id != site.id:
        return (
            f"site `{site.code}` was pulled before, and had a database of its own; this one is `{own.site_code}`'s: "
            f"{identity.renewal(site.code, was_pulled=True)}"
        )
    return f"site `{site.code}` was pulled before: `supplysync readmit {site.code}` is for its database"


def _unsent(db: SiteDatabase, project: Project, known: Known, whose: int) -> Mapping[str, int] | None:
    read = known.sites.get(whose)
    original = next((one for one in project.topology.sites if one.id == whose), None)
    if read is None or read.bookmark is None or original is None:
        return None
    with db.transaction(write=False):
        if not is_in_log(db, Bookmark.of_text(read.bookmark)):
            return None
    return queue_lengths(db, since=read.bookmark, schema=project.schema, leaving=leaving_now(project, known, original))
