"""What `verify` finds in a real network, in words."""

from __future__ import annotations

from central.moves.under_way import with_moves
from central.project import Project
from central.verification.verification import SiteVerified, verify_site
from central.visits.known import known_of
from warehouse.connection import open_warehouse


def verified(project: Project) -> list[SiteVerified]:
    """What is found at each site."""
    with open_warehouse(project.warehouse, project.schema) as con:
        laid = with_moves(con, project)
        known = known_of(con, laid)
        return [verify_site(con, laid, known, site) for site in laid.topology.sites]


def found(project: Project) -> list[str]:
    """What differs, a line a record; sites that could not be compared."""
    lines = []
    for one in verified(project):
        if one.said:
            lines.append(f"{one.site.code}: {one.said}")
        for row in one.differences.iter_rows(named=True):
            whose = "; own" if row["is_own"] else ""
            lines.append(
                f"{one.site.code}: {row['table_name']} {row['record_id']} {row['what']} {row['columns']}{whose}"
            )
    return lines
