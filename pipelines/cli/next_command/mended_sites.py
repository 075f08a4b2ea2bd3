"""Sites that failed in their last cycle, looked at again: what was mended since is not told as if it were so still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.project import Project
from pipelines.cli.what_ran import what_ran
from warehouse.connection import Connection

_LOOKED_AT = 5
"""Where more failed it is no single site's doing, and looking takes long."""


def mended_sites(con: Connection, loaded: Project, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The codes of the sites of the sync report (``rows``) that failed last and in which nothing is wrong that can
    be seen. The
    command that is next goes by it too."""
    failed = {row["site_code"] for row in rows if row["status"] == "error"}
    if not 0 < len(failed) <= _LOOKED_AT:
        return []
    from central.site_state import site_state
    from central.visits.known import known_of  # what reads sites takes long to load

    known = known_of(con, loaded)
    found = [site_state(loaded, site, known) for site in loaded.topology.sites if site.code in failed]
    mended = [one for one in found if not one["problem"]]
    what_ran().found = mended
    return [str(one["site"]) for one in mended]
