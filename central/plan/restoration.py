"""What a site gets back that lost its database, and what it does not (O5, B27)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.plan.readmission import counted, staying
from central.project import Project, ProjectError
from central.visits.damage import damage_told
from central.visits.known import known_of
from sites import schema
from sites.capture import identity, triggers
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.engines.sql import quote
from sites.schema.presence import presence
from sync_rules import egress
from sync_rules.table.rules import LOCAL_TABLES
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site
from sync_rules.words import Identity
from warehouse.connection import Connection
from warehouse.ledger import quarantine
from warehouse.ledger.sites import last_contacts
from wire.frames import PulledChange
from wire.landed_pull import Pull
from wire.readmission import Readmission

PARTS_THAT_STAY = (
    "user_account (all of it: who may sign in)",
    "preference (the site's own settings)",
    "store_credential.password",
)
"""What a site has for itself in tables that leave it in part, or once (P3, S5): none of it comes back."""


@dataclass(frozen=True)
class RestorationPlan:
    """``records`` (table_name, records): what goes to the site; ``as_of``: when central heard of it last;
    ``stores_that_stay``: the codes of its stores whose data, or stock, never left it; ``listed``: how many changes
    central has on its list alone, as they were rejected or wait."""

    site: str
    readmission: Readmission
    records: pl.DataFrame
    as_of: datetime
    stores_that_stay: Sequence[str]
    listed: int

    def document(self) -> dict[str, Any]:
        """The whole, for JSON."""
        return {
            "site": self.site,
            "as_of": self.as_of.isoformat(),
            "tables": self.records.to_dicts(),
            "tables_not_given_back": list(LOCAL_TABLES),
            "parts_not_given_back": list(PARTS_THAT_STAY),
            "stores_not_given_back": list(self.stores_that_stay),
            "changes_not_given_back": self.listed,
        }


def plan_restoration(con: Connection, project: Project, site: Site, *, now: datetime) -> RestorationPlan:
    """What would go to an empty database of the site. Raises ProjectError for a site that was never pulled."""
    project = with_pauses(con, with_moves(con, project))
    known = known_of(con, project)
    remembered = known.sites.get(site.id)
    if remembered is None or remembered.identity is None or remembered.bookmark is None:
        raise ProjectError(
            f"site `{site.code}` was never pulled: there is nothing to give back; `supplysync check` says what its "
            "database lacks"
        )
    placed = placement(project.topology, known.stores)
    stays = egress.withheld(placed)
    decided = Readmission(0, None, str(uuid.uuid4()))
    empty = Pull(
        Identity(site.id, site.code, decided.database_uuid, remembered.identity.epoch + 1),
        remembered.cluster, None, remembered.bookmark, now, None, PulledChange.empty(), {}, withheld=stays,
        compared=tuple(sorted(project.schema.tables)), readmission=decided,
    )  # fmt: skip
    found = counted(con, project, site, empty, now)[0].filter(pl.col("to_site") > 0)
    records = found.select("table_name", records="to_site")
    listed = quarantine.open_entries(con, site=site.code, with_waiting=True).height
    return RestorationPlan(site.code, decided, records, last_contacts(con)[site.id], staying(placed, site), listed)


def require_empty(project: Project, site: Site) -> None:
    """Raises ProjectError where the site's database has a row of a declared table, or is another site's; SiteFailed or
    Unreachable where it cannot be looked at. A SQLite file that is not there is empty."""
    with (
        damage_told(site, was_pulled=True),
        open_site(project.database_url(site), project.folder, create=True) as db,
    ):
        own = identity.read_identity(db)
        if own is not None and own.site_id != site.id:
            raise ProjectError(
                f"the database of `{site.code}` belongs to site `{own.site_code}`; "
                f"{identity.renewal(site.code, was_pulled=True)}"
            )
        filled = _filled(db, project)
    if filled:
        raise ProjectError(
            f"the database of `{site.code}` is not empty: `{filled[0]}` has rows; `supplysync readmit {site.code}` "
            "lets it in, or let `database` in topology.toml name an empty one"
        )


def require_gone(project: Project, site: Site) -> None:
    """Raises ProjectError where the site's database answers, and is the site's: another one in its place would go over
    what it has and central does not."""
    with suppress(Unreachable, SiteFailed), open_site(project.database_url(site), project.folder) as db:
        own = identity.read_identity(db)
        if own is not None and own.site_id == site.id:
            raise ProjectError(
                f"the database of `{site.code}` answers: a file in its place would go over what it has and central "
                f"does not. `supplysync sync {site.code}` takes that in; where it is to be replaced all the same, "
                "move it away first"
            )


def _filled(db: SiteDatabase, project: Project) -> list[str]:
    there = sorted(presence(db, project.schema).schema.tables)
    questions = (f"select '{table}', exists (select 1 from {quote(table)})" for table in there)
    return sorted(str(table) for table, rows in db.execute(" union all ".join(questions)) if rows) if there else []


def make_ready(project: Project, site: Site) -> None:
    """The tables, where there are none, and capture; to be called again it does no harm."""
    with open_site(project.database_url(site), project.folder, create=True) as db:
        if not presence(db, project.schema).schema.tables:
            schema.create(db)
        triggers.install(db, project.schema)
