"""What letting a site in again would do, worked out by the functions that do it and rolled back (B50, B51)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from central.cycle.admit import enter
from central.cycle.routes import routed
from central.cycle_file import Cycle, Pulled
from central.frames import LineCount
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project, ProjectError
from central.readmission.fork import find_fork
from central.readmission.terms import Terms, from_fork
from central.visits.damage import damage_told, emptied
from central.visits.fitness import require_pullable
from central.visits.known import Known, known_of
from central.visits.visit import changes_at
from sites.capture import identity, triggers
from sites.capture.identity import renewal
from sites.engines.connection import SiteDatabase, SiteFailed, open_site
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.frames import Placement
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site
from sync_rules.words import Identity, Op
from warehouse.connection import Connection, query, rolled_back
from warehouse.ledger import change_sets, quarantine
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.readmissions import KeptBookmark, kept_bookmarks
from warehouse.ledger.sites import KnownSite
from warehouse.records.sequence import last_seq, made_in
from wire import landed_pull
from wire.frames import LogEntry
from wire.readmission import Readmission


class GoesOnByItself(ProjectError):
    """The site's database is the one that central read last: there is nothing to let in, or that was done."""


@dataclass(frozen=True)
class ReadmissionPlan:
    """``readmission`` as it would be decided; ``fork``: the last common place, with ``forked_at``, when it was pulled.

    ``counts``: by table, of which line what is. ``is_decided``: somebody said whose rows hold where both have a record.
    ``doubled``: documents of either line that have the number of another one; ``stores_that_stay``: the codes of its
    stores whose data, or stock, does not leave it: that is as the database has it.
    """

    site: str
    readmission: Readmission
    fork: KeptBookmark | None
    forked_at: datetime | None
    counts: FrameOf[LineCount]
    is_decided: bool
    doubled: int
    stores_that_stay: Sequence[str]

    @property
    def needs_decision(self) -> bool:
        """Whether an operator must say first whose rows hold where both have a record otherwise."""
        return self.fork is None and not self.is_decided and bool(self.counts["on_both"].sum())

    def document(self) -> dict[str, Any]:
        """The whole, for JSON."""
        return {
            "site": self.site,
            "fork": self.fork.cycle if self.fork else None,
            "forked_at": self.forked_at.isoformat() if self.forked_at else None,
            "decision": self.readmission.what,
            "taken_from_site": list(self.readmission.taken),
            "tables": self.counts.to_dicts(),
            "numbers_given_twice": self.doubled,
            "stores_not_given_back": list(self.stores_that_stay),
        }


def plan_readmission(
    con: Connection, project: Project, site: Site, *, taken: tuple[str, ...] | None, now: datetime
) -> ReadmissionPlan:
    """What would become of both lines. ``taken``: the tables that are taken as the site has them, where its log has no
    common place any more; None: not decided.

    Raises ProjectError where the site needs none of it, or another command; SiteFailed, Unreachable as a pull.
    """
    project = with_pauses(con, with_moves(con, project))
    known = replace(known_of(con, project), readmitted={})  # whatever was decided before
    with (
        damage_told(site, was_pulled=known.was_pulled(site.id)),
        open_site(project.database_url(site), project.folder) as db,
    ):
        own = _require_lost(project, known, db, site)
        kept = kept_bookmarks(con, site.id)
        with db.transaction(write=False):
            fork = find_fork(db, kept) if own else None
        terms = _terms(project, known.sites[site.id], own, fork, kept, taken or ())
        placed, expected = placement(project.topology, known.stores), (site.id, terms.readmission.database_uuid)
        claimed = Identity(
            site.id, site.code, terms.readmission.database_uuid, terms.epoch
        )  # by the cycle that does it
        found = changes_at(db, project, known, site, placed, expected=expected, terms=terms.seen_at(db), now=now,
                           if_nobodys=claimed)  # fmt: skip
    if fork is None and found.changes.is_empty():
        raise ProjectError(
            f"the database of `{site.code}` is empty: `supplysync restore {site.code}` fills it with all that central "
            "has of the site"
        )
    at = landed_pull.read_pull(project.pulls / fork.path).pulled_at if fork else None
    counts, doubled = counted(con, project, site, found, now)
    return ReadmissionPlan(
        site.code, terms.readmission, fork, at, counts, taken is not None, doubled, staying(placed, site)
    )


def _require_lost(project: Project, known: Known, db: SiteDatabase, site: Site) -> Identity | None:
    """Who the database says it is. Raises ProjectError where it is another site's, or goes on by itself."""
    remembered = known.sites.get(site.id)
    if remembered is None or remembered.identity is None:
        raise ProjectError(f"site `{site.code}` was never pulled: `supplysync sync {site.code}` takes its database")
    own = identity.read_identity(db)
    if own is not None and own.site_id != site.id:
        raise ProjectError(
            f"the database that topology.toml names for `{site.code}` says that it is `{own.site_code}`'s; "
            f"{renewal(site.code, was_pulled=remembered.bookmark is not None)}"
        )
    if own is None and not db.has_table(STORE_RECORDS):
        raise ProjectError(emptied(site.code))
    triggers.require_installed(db, project.schema)
    try:
        if own is not None:
            require_pullable(project, known, db, site)
    except SiteFailed:
        return own
    if own is None:
        return None
    raise GoesOnByItself(f"site `{site.code}` goes on by itself: `supplysync sync {site.code}`")


def _terms(
    project: Project,
    site: KnownSite,
    own: Identity | None,
    fork: KeptBookmark | None,
    kept: list[KeptBookmark],
    taken: tuple[str, ...],
) -> Terms:
    uuid = own.database_uuid if own else site.identity.database_uuid if site.identity else ""
    if fork is None:
        whole = Readmission(0, None, uuid, taken)
        return Terms(whole, replace(site, bookmark=None, capture=None), LogEntry.empty(), RecordKey.empty())
    after = [one for one in kept if one.cycle > fork.cycle]
    return from_fork(project, site, Readmission(0, fork.cycle, uuid), fork, after)


def staying(placed: FrameOf[Placement], site: Site) -> list[str]:
    """The codes of the site's stores whose data, or stock, does not leave it."""
    stays = egress.withheld(placed)
    own = placed.filter(pl.col("active_site") == site.id)
    return sorted(own.filter(pl.col("store_id").is_in(sorted(stays.everything | stays.stock)))["store_code"])


def counted(
    con: Connection, project: Project, site: Site, found: landed_pull.Pull, now: datetime
) -> tuple[FrameOf[LineCount], int]:
    """What would become of a pull of the site, by table, and how many documents of both lines would share a number
    with another one; the project with its moves and pauses."""
    with tempfile.TemporaryDirectory() as folder, rolled_back(con):
        number = last_cycle(con) + 1
        landed = landed_pull.land(found, Path(folder), cycle=number)
        pulled = Pulled(site.id, str(landed), found.changes.height, 0.0, now.isoformat())
        enter(con, project, Cycle(number, now, project.topology_text, (pulled,), (), "readmit"))
        listed = quarantine.listed_by(con, site.id, number)
        made = made_in(con, site.id, number)
        routes = routed(con, change_sets.positions(con, [site.id]), last_seq(con))
        twice = query(con, "select table_name, record_id from reports.doubled_number")
    both = listed.filter(pl.col("reason") == "changed_on_both_lines")
    refused = listed.join(both, on=RECORD, how="anti")
    lost = found.lost.join(found.changes, on=RECORD, how="anti")
    parts: Mapping[str, pl.DataFrame] = {
        "only_lost": lost,
        "only_here": made.join(both, on=RECORD, how="anti"),
        "on_both": both,
        "refused": refused,
        "to_site": routes.filter(pl.col("op") == str(Op.UPSERT)),
        "removed": routes.filter(pl.col("op") == str(Op.DELETE)),
    }
    counts = pl.concat([frame.select("table_name", what=pl.lit(what)) for what, frame in parts.items()])
    table = counts.pivot("what", index="table_name", values="what", aggregate_function="len")
    absent = [pl.lit(0).alias(name) for name in parts if name not in table.columns]
    concerned = pl.concat([found.lost.select(RECORD), made.select(RECORD)])
    doubled = twice.join(concerned, on=RECORD, how="semi").height
    return LineCount.take(table.with_columns(absent).fill_null(0).sort("table_name")), doubled
