"""A copy of one site's database that becomes another site's own (O5)."""

from __future__ import annotations

import uuid

from central.project import Project
from sites.capture import identity, triggers
from sites.engines.connection import open_site
from sync_rules.topology.topology import Site


def renew_site(project: Project, site: Site) -> None:
    """Gives the database of ``site`` an identity, a log and a history of its own. Killed in between it is nobody's, and
    `capture install` and the next cycle take it; its rows stay."""
    with open_site(project.database_url(site), project.folder) as db:
        with db.transaction(write=True):
            triggers.remove_all(db)
        triggers.install(db, project.schema)
        identity.claim(db, site.id, site.code, database_uuid=str(uuid.uuid4()))
