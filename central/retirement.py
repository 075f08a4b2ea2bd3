"""A site that was removed: its data stays in its database, and what was put there for the exchange goes (O3)."""

from __future__ import annotations

from central.project import Project, ProjectError
from sites.capture import triggers
from sites.capture.bookmark import Bookmark
from sites.capture.identity import read_identity, require_identity
from sites.engines.connection import open_site
from sites.pull.net_changes import records_in_log
from sync_rules.topology.file import parse_applied
from sync_rules.topology.topology import Site
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.network.versions import versions
from warehouse.ledger.sites import known_sites


def retire_site(project: Project, code: str, *, is_unsent_left: bool) -> int:
    """Takes capture, identity and all else of ours from the database of a site that is not in force any more, in one
    transaction; returns how many records were changed there that central never got.

    Raises ProjectError where the site is in force, or never was, or has such changes and nobody said to leave them
    (``is_unsent_left``); SiteFailed where the database is not that site's, Unreachable.
    """
    if any(site.code == code for site in project.topology.sites):
        raise ProjectError(f"site `{code}` is in force: take its [[site]] out of topology.toml, and `supplysync apply`")
    with open_warehouse(project.warehouse, project.schema) as con:
        site = _as_it_was(con, code)
        known = known_sites(con).get(site.id)
    uuid = known.identity.database_uuid if known and known.identity else ""
    with open_site(project.database_url(site), project.folder) as db, db.transaction(write=True):
        require_identity(read_identity(db), (site.id, uuid))
        bookmark = known.bookmark if known else None
        unsent = records_in_log(db, Bookmark.of_text(bookmark).entries_after(db)).height if bookmark else 0
        if unsent and not is_unsent_left:
            raise ProjectError(
                f"{unsent} records were changed at `{code}` since central pulled it last: put its [[site]] back, "
                "`supplysync apply` and `sync`; or leave them there with --leave-unsent"
            )
        triggers.remove_all(db)
    return unsent


def _as_it_was(con: Connection, code: str) -> Site:
    for version in versions(con):
        for site in parse_applied(version.toml).sites:
            if site.code == code:
                return site
    raise ProjectError(f"no site `{code}` was ever in force; `supplysync topology list` shows what was")
