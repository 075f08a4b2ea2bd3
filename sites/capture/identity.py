"""Who a site database is, and that it is still the one we knew (P6)."""

from __future__ import annotations

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import IDENTITY_TABLE
from sync_rules.words import Identity

POINT_BACK = "let `database` in topology.toml name the database that central read before"
"""What can be done where a url leads to another database (P6)."""


def renewal(site_code: str, *, was_pulled: bool | None) -> str:
    """What can be done where the database that is named for a site is another one's, or a copy of it (O5): a site that
    central read before had one of its own. ``was_pulled``: None where that is not known."""
    own = "let `database` name this site's own again"
    lost = f"if that is lost, move this one away or let `database` name an empty one, then {refilled(site_code)}"
    new = f"make this one a site of its own, if it is a copy: `supplysync site renew {site_code}`"
    if was_pulled is None:
        return f"{own}; {lost}; or, if the site is new, {new}"
    return f"{own}; {lost}" if was_pulled else f"let `database` name this site's own, or {new}"


def refilled(site_code: str) -> str:
    """How an empty database, or a file that is not there, becomes the site's again, with all that central has (O5)."""
    return f"have it filled: `supplysync restore {site_code}`"


_CREATE = f"""
create table if not exists {IDENTITY_TABLE} (
    only_row integer primary key check (only_row = 1),
    site_id integer not null,
    site_code text not null,
    database_uuid text not null,
    epoch integer not null check (epoch >= 1)
)
"""


def read_identity(db: SiteDatabase) -> Identity | None:
    """Who the database says it is; None for one that no site has claimed."""
    if not db.has_table(IDENTITY_TABLE):
        return None
    rows = db.execute(f"select site_id, site_code, database_uuid, epoch from {IDENTITY_TABLE}")
    return Identity(*rows[0]) if rows else None


def claim(db: SiteDatabase, site_id: int, site_code: str, *, database_uuid: str, epoch: int = 1) -> Identity:
    """Make the database that of a site; one that is the site's already stays as it is (T1).

    ``database_uuid`` and ``epoch`` are used only for an unclaimed database. Returns the identity
    it now has. Raises SiteFailed, naming both, where another site has claimed it.
    """
    with db.transaction(write=True):
        db.execute(_CREATE)
        identity = read_identity(db)
        if identity is None:
            identity = Identity(site_id, site_code, database_uuid, epoch)
            db.execute(
                f"insert into {IDENTITY_TABLE} values (1, ?, ?, ?, ?)",
                (site_id, site_code, database_uuid, epoch),
            )
    if identity.site_id != site_id:
        raise SiteFailed(
            f"identity refused: the database belongs to site `{identity.site_code}` ({identity.site_id}), "
            f"not to `{site_code}` ({site_id}); {renewal(site_code, was_pulled=False)}"
        )
    return identity


def begin_epoch(db: SiteDatabase, epoch: int) -> None:
    """The database goes on in another epoch: its site was let in again (B50)."""
    with db.transaction(write=True):
        db.execute(f"update {IDENTITY_TABLE} set epoch = ?", (epoch,))


def unclaim(db: SiteDatabase, site_id: int, site_code: str) -> None:
    """Makes the database nobody's. Raises SiteFailed, naming it, where it is not that of the site."""
    with db.transaction(write=True):
        found = read_identity(db)
        if found is None:
            raise SiteFailed("no site has claimed this database: there is nothing to let go")
        if found.site_id != site_id:
            raise SiteFailed(
                f"the database belongs to site `{found.site_code}` ({found.site_id}), not to `{site_code}` ({site_id})"
            )
        db.execute(f"delete from {IDENTITY_TABLE}")


def require_identity(found: Identity | None, expected: tuple[int, str]) -> Identity:
    """``found``, if it is the expected (site id, database uuid); an empty uuid expects any (P6).

    Raises SiteFailed, its text starting with ``identity refused``.
    """
    site_id, database_uuid = expected
    if found is None:
        raise SiteFailed(f"identity refused: no site has claimed this database, expected site {site_id}; {POINT_BACK}")
    if found.site_id != site_id:
        raise SiteFailed(
            f"identity refused: the database belongs to site `{found.site_code}` ({found.site_id}), "
            f"expected site {site_id}; does the url name the right database?"
        )
    if database_uuid and found.database_uuid != database_uuid:
        raise SiteFailed(
            f"identity refused: this is not the database that site `{found.site_code}` had before "
            f"(uuid {found.database_uuid}, expected {database_uuid}); {POINT_BACK}, or let this one in: "
            f"`supplysync readmit {found.site_code}` shows first what becomes of it"
        )
    return found
