"""What central knows when a cycle begins: of its sites, and of what the cycle will ask (A6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from central.project import Project
from central.readmission.terms import Terms, terms_of
from central.retention.bounds import DuePrune
from central.server_line import line_now
from sites.own_edits.transfers.settle import HalfRequests
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey
from sync_rules.table.ownership import SUBJECTS
from sync_rules.topology.frames import StoreRecord
from sync_rules.transfers.kinds import HEADERS
from sync_rules.words import SiteStatus
from warehouse.connection import Connection
from warehouse.ledger import change_sets, quarantine, transfers, visits
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.decisions import last_decision
from warehouse.ledger.halves import versions
from warehouse.ledger.readmissions import OwedSteps, owed_steps
from warehouse.ledger.sites import KnownSite, known_sites
from warehouse.records import replicas
from wire.line import Line


@dataclass(frozen=True)
class Known:
    """What the ledger holds when a cycle begins; ``leaves``: the rules by which tables leave now; ``told``: what sites
    are told of themselves; ``change_sets``: hashes of those that a site may hold as its last, by site and number;
    ``readmitted``: sites that are let in again, ``owed``: the own steps that such have not taken yet; ``refused``:
    documents and people that central has not taken from their sites; ``line``: this server's, None where none was
    begun (B53); ``due``: what is to be forgotten in this cycle (B55)."""

    number: int
    sites: Mapping[int, KnownSite]
    stores: FrameOf[StoreRecord]
    preferences: frozenset[str]
    decision: int
    at_their_sites: pl.DataFrame
    not_begun: pl.DataFrame
    asked: HalfRequests
    leaves: Mapping[str, str]
    told: Mapping[int, SiteStatus]
    change_sets: Mapping[int, Mapping[int, str]]
    readmitted: Mapping[int, Terms]
    owed: Mapping[int, OwedSteps]
    refused: FrameOf[ChangeKey]
    line: Line | None
    due: DuePrune = field(default_factory=DuePrune)

    def as_read(self, site_id: int) -> KnownSite | None:
        """What the next pull of a site goes by: what is known of it, or on what terms it is let in again."""
        terms = self.readmitted.get(site_id)
        return terms.site if terms else self.sites.get(site_id)

    def was_pulled(self, site_id: int) -> bool:
        """Whether central read the site before: it had a database of its own then."""
        remembered = self.sites.get(site_id)
        return remembered is not None and remembered.bookmark is not None

    def made_for(self, site_id: int) -> Mapping[int, str]:
        """The hashes of the change sets that a site may hold as its last, by number."""
        return self.change_sets.get(site_id, {})

    def rejoins(self, site_id: int) -> bool:
        """Whether a site is pulled for the first time since this server was restored (B53): it may have been told, and
        have told, what this one does not know; what came and went there since is to be told too (precision 8)."""
        remembered = self.sites.get(site_id)
        if self.line is None or remembered is None or remembered.bookmark is None:
            return False
        return bool(self.line.ancestors) and remembered.line != self.line.id


def known_of(con: Connection, project: Project) -> Known:
    """What the warehouse says now."""
    sites = known_sites(con)
    return Known(
        last_cycle(con),
        sites,
        replicas.stores(con),
        replicas.ids_of(con, "preference"),
        last_decision(con),
        transfers.at_their_sites(con),
        transfers.not_begun(con),
        _asked(con, project),
        egress.signatures(),
        visits.site_statuses(con),
        change_sets.last_hashes(con),
        terms_of(con, project, sites),
        owed_steps(con),
        quarantine.refused_of_sites(con, HEADERS, undecided=SUBJECTS),
        line_now(con, project),
    )


def _asked(con: Connection, project: Project) -> HalfRequests:
    asked = versions.requests(con)
    return HalfRequests(asked, versions.versions_of(con, asked, project.schema))
