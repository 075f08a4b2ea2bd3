"""Up to where the logs in sites' databases may go (B55, precision 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from warehouse.connection import Connection
from warehouse.statements import statement


def sites_of_day(con: Connection, day_began: datetime) -> list[int]:
    """The sites that were pulled before, and not since ``day_began``."""
    rows = con.execute(
        "select site_id from ledger.site where is_in_topology and bookmark is not null and data_as_of_at < ? "
        "order by site_id",
        [day_began],
    ).fetchall()
    return [site_id for (site_id,) in rows]


def log_bounds(con: Connection, sites: Sequence[int], *, before: datetime, backups: Sequence[int]) -> Mapping[int, str]:
    """By site the bookmark up to which its log may go: the last from before a moment, and never past what one of the
    ``backups`` (their last cycles) knows; none for a site that was not read before that moment."""
    return dict(con.execute(statement("log_bounds"), [list(sites), before, list(backups)]).fetchall())
