"""On what terms a site is read that is let in again: from where on, and what it had changed since on the line that its
database does not know (B50)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from central import cycle_file, decisions
from central.project import Project
from sites.capture.bookmark import Bookmark
from sites.engines.connection import SiteDatabase
from sites.pull.net_changes import read_log
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.words import DecisionKind
from warehouse.connection import Connection
from warehouse.ledger.decisions import last_decision
from warehouse.ledger.readmissions import KeptBookmark, kept_bookmarks, readmissions
from warehouse.ledger.sites import KnownSite
from wire.frames import LogEntry
from wire.landed_pull import Pull, read_pull
from wire.readmission import Readmission


@dataclass(frozen=True)
class Terms:
    """``site``: what central knew of the site at the fork; without a bookmark where it is read whole. ``log``: entries
    that were pulled after the fork, once ``seen_at`` the site those of them that its log has; ``lost``: the records
    that the others of them named, on the line that it does not know."""

    readmission: Readmission
    site: KnownSite
    log: FrameOf[LogEntry]
    lost: FrameOf[RecordKey]

    @property
    def epoch(self) -> int:
        """The epoch that the database has once it is let in."""
        return self.site.identity.epoch + 1 if self.site.identity else 1

    def seen_at(self, db: SiteDatabase) -> Terms:
        """The same, told apart by what the database's log has; in the caller's transaction or before it."""
        if self.site.bookmark is None or self.log.is_empty():
            return self
        here = read_log(db, Bookmark.of_text(self.site.bookmark).entries_after(db)).select(LogEntry.names())
        gone = self.log.join(here, on=LogEntry.names(), how="anti").select(RECORD)
        common = LogEntry.check(self.log.join(here, on=LogEntry.names(), how="semi"))
        return replace(self, log=common, lost=RecordKey.check(pl.concat([self.lost, gone]).unique().sort(RECORD)))

    def settled(self, found: Pull) -> Pull:
        """The pull as it is landed: without rows that were only read whole and are those of before, where the site had
        changed them on the other line."""
        changes = found.changes
        if self.readmission.fork is not None and self.lost.height:
            old = changes.filter("is_snapshot").join(self.lost, on=RECORD, how="semi").select(RECORD)
            changes = type(changes)(changes.join(old, on=RECORD, how="anti", maintain_order="left"))
        return replace(found, changes=changes, readmission=self.readmission, lost=self.lost)


def terms_of(con: Connection, project: Project, known: Mapping[int, KnownSite]) -> dict[int, Terms]:
    """The terms of those sites that are to be let in again, by site: those that a cycle knows of, and those that were
    decided since."""
    codes = {site.code: site.id for site in project.topology.sites}
    asked = readmissions(con)
    for one in decisions.after(project.pulls, last_decision(con)):
        if one.kind == DecisionKind.READMIT and one.site_code in codes:
            asked[codes[one.site_code]] = Readmission.of(one.number, one.record_id or "", one.records)
    return {
        site_id: _terms(con, project, known[site_id], readmission)
        for site_id, readmission in sorted(asked.items())
        if site_id in known
    }


def _terms(con: Connection, project: Project, site: KnownSite, readmission: Readmission) -> Terms:
    kept = kept_bookmarks(con, site.site_id)
    fork = next((one for one in kept if one.cycle == readmission.fork), None)
    if fork is None:
        return Terms(readmission, replace(site, bookmark=None, capture=None), LogEntry.empty(), RecordKey.empty())
    return from_fork(project, site, readmission, fork, [one for one in kept if one.cycle > fork.cycle])


def from_fork(
    project: Project, site: KnownSite, readmission: Readmission, fork: KeptBookmark, after: list[KeptBookmark]
) -> Terms:
    """The terms of a site that goes on from a place its log still has, by the pulls ``after`` it: what of them the log
    did not name (rows that were read whole) counts as changed. Raises FileUnusable where a pull is not as it was
    landed."""
    then = read_pull(project.pulls / fork.path)
    leaves = cycle_file.required(project.pulls, fork.cycle).leaves
    as_then = replace(site, bookmark=fork.bookmark, capture=then.capture, withheld=then.withheld, leaves=leaves)
    pulls = [read_pull(project.pulls / one.path) for one in after]
    unmarked = (one.changes.select(RECORD).join(one.log, on=RECORD, how="anti") for one in pulls)
    return Terms(
        readmission,
        as_then,
        LogEntry.check(pl.concat([LogEntry.empty(), *(one.log for one in pulls)]).unique(maintain_order=True)),
        RecordKey.check(pl.concat([RecordKey.empty(), *unmarked]).unique().sort(RECORD)),
    )
