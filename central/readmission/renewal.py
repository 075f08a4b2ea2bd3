"""A copy of one site's database that becomes another site's own (O5)."""

from __future__ import annotations

import uuid

from central.project import Project, ProjectError
from sites.capture import identity, triggers
from sites.engines.connection import open_site
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse
from warehouse.ledger.sites import known_sites


def copied_from(project: Project, site: Site) -> str:
    """The code of the site whose copy the database of ``site`` is. Raises ProjectError where it is none, or where
    central has read the site already; SiteFailed, Unreachable."""
    with open_warehouse(project.warehouse, project.schema) as con:
        known = known_sites(con).get(site.id)
    if known is not None and known.bookmark is not None:
        raise ProjectError(
            f"site `{site.code}` was pulled before: `supplysync readmit {site.code}` is for its database"
        )
    with open_site(project.database_url(site), project.folder) as db:
        own = identity.read_identity(db)
    if own is None or own.site_id == site.id:
        raise ProjectError(f"the database of `{site.code}` is no other site's: `supplysync sync {site.code}` takes it")
    return own.site_code


def renew_site(project: Project, site: Site) -> None:
    """Gives the database of ``site`` an identity, a log and a history of its own. Killed in between it is nobody's, and
    `capture install` and the next cycle take it; its rows stay."""
    with open_site(project.database_url(site), project.folder) as db:
        with db.transaction(write=True):
            triggers.remove_all(db)
        triggers.install(db, project.schema)
        identity.claim(db, site.id, site.code, database_uuid=str(uuid.uuid4()))
