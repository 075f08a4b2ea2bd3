"""A new site's database as a file to carry there: tables, capture, identity, and all that is to be the site's (O1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from central.cycle.catch_up import catch_up
from central.cycle.run import run_cycle
from central.project import Project, ProjectError
from sites import schema
from sites.capture import identity, triggers
from sites.engines.connection import open_site
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse
from warehouse.ledger.sites import known_sites


def package_site(
    project: Project, site: Site, file: Path, *, now: datetime, asked_by: str, is_lost: bool = False
) -> int:
    """Makes the database of ``site``, which was never reached, in ``file``, and returns how many records are in it;
    for one that ``is_lost`` too, once it was decided that an empty one is let in (O5).

    It is the site's database from then on: a cycle of this site alone, with the file in its place. Killed anywhere it
    is made again, or finished, from the half-written file beside it. The caller has the project's turn. Raises
    ProjectError for a site that has a database, one that is on a server, and a file that is there.
    """
    part = file.with_name(f"{file.name}.part").absolute()
    url = f"sqlite:///{part}"
    require_carried(site, file, is_lost=is_lost)
    if not is_lost:
        _require_new(project, site, part)
    if part.exists() and _uuid(project, part) is None:
        part.unlink()  # killed before it was anybody's
    if not part.exists():
        with open_site(url, project.folder, create=True) as db:
            schema.create(db)
            triggers.install(db, project.schema)
    found = run_cycle(_with_database(project, site, url), now=now, only=[site.code], asked_by=asked_by)
    if missed := found["pull_due"].missed:
        raise ProjectError(f"nothing was packed: {missed[0].error}")
    delivered = found["deliver_last"]
    if error := next((one.error for one in delivered if one.error), None):
        raise ProjectError(f"site `{site.code}`: {error}")
    part.replace(file)
    return sum(one.sent for one in delivered)


def require_carried(site: Site, file: Path, *, is_lost: bool = False) -> None:
    """Raises ProjectError where a site's database is no file to carry, or the file is there."""
    if not site.database.startswith("sqlite:"):
        fills = f"`supplysync restore {site.code}`" if is_lost else "`supplysync sync`"
        raise ProjectError(f"site `{site.code}` is no SQLite file: make an empty database there; {fills} fills it")
    if file.exists():
        raise ProjectError(f"`{file}` is there already; name another one")


def _require_new(project: Project, site: Site, part: Path) -> None:
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        known = known_sites(con).get(site.id)
    if known is None or known.identity is None:
        return
    begun = part.exists() and _uuid(project, part)
    if begun != known.identity.database_uuid:
        raise ProjectError(
            f"site `{site.code}` has a database, packed or read before: a second one would be a clone. Where that one "
            f"is lost: `supplysync restore {site.code} -o FILE`"
        )


def _uuid(project: Project, part: Path) -> str | None:
    with open_site(f"sqlite:///{part}", project.folder) as db:
        own = identity.read_identity(db)
    return own.database_uuid if own else None


def _with_database(project: Project, site: Site, url: str) -> Project:
    """The project with the site's database elsewhere, for this process alone."""
    sites = tuple(replace(one, database=url) if one.id == site.id else one for one in project.topology.sites)
    return replace(project, topology=replace(project.topology, sites=sites))
