"""A site's database that cannot be read any more, or is empty, and what makes it the site's again (B12, O5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sites.capture.identity import refilled
from sites.engines.errors import DatabaseDamaged, SiteFailed
from sync_rules.topology.topology import Site


@contextmanager
def damage_told(site: Site, *, was_pulled: bool | None) -> Iterator[None]:
    """Raises SiteFailed in place of DatabaseDamaged: the driver's words, and what mends it. ``was_pulled``: whether
    central read the site before, None where that is not known."""
    try:
        yield
    except DatabaseDamaged as error:
        raise SiteFailed(f"{error}; {_mended(site.code, was_pulled=was_pulled)}") from None


def _mended(site_code: str, *, was_pulled: bool | None) -> str:
    made = f"have it made: `supplysync schema create {site_code}`"
    ways = {True: refilled(site_code), False: made, None: f"{refilled(site_code)}; or, if the site is new, {made}"}
    return (
        "put a whole one in its place, as the site's own backup; if there is none, move the file away, with its `-wal` "
        f"and `-shm`, then {ways[was_pulled]}"
    )


def emptied(site_code: str) -> str:
    """What is said of an empty database where a site had one."""
    return (
        f"the database is empty, and `{site_code}` had one: point `database` back to it, or have this one filled: "
        f"`supplysync restore {site_code}`"
    )
