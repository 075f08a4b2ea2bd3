"""One site's visit in a cycle: its own steps, its pull, landed as files (P7)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from central.cycle_file import Missed, Pulled
from central.project import Project, ProjectError
from central.readmission.terms import Terms
from central.retention.bounds import SiteRetention
from central.server_line import ServerSuperseded
from central.visits.damage import damage_told
from central.visits.fitness import leaving, refuse_stranger, require_known
from central.visits.known import Known
from central.visits.own_edits import read_after_steps
from sites.capture import identity, notices, triggers
from sites.capture.generations import Capture
from sites.capture.line import CentralSuperseded, meet
from sites.capture.log_retention import forget_old
from sites.deliver.cut import is_active_here
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.pull import pull
from sites.watch import Left, unwatched
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.screen import visible
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.frames import Placement, StoreRecord
from sync_rules.topology.placement import STORE_COLUMNS, placement, recorded
from sync_rules.topology.switches import switched
from sync_rules.topology.topology import Site
from sync_rules.words import Identity, MoveState, Op, Outcome
from warehouse.ledger.sites import KnownSite
from wire import landed_pull
from wire.landed_pull import Pull

LastExchange = Callable[[datetime | None], None]
"""Hears when what a site says of its last exchange was written; None: it could not be."""


def visit_site(
    project: Project,
    known: Known,
    site: Site,
    placed: FrameOf[Placement],
    now: datetime,
    left: Left,
    told: LastExchange,
) -> Pulled | Missed:
    """Pulls a site and lands what it sent. Whatever goes wrong with it is an outcome of this site alone (P7, B12);
    raises FileUnusable where it cannot be landed, which is central's own failure, and ServerSuperseded."""
    began = time.monotonic()
    started_at = datetime.now(UTC).isoformat()
    try:
        found = _read(project, known, site, placed, now, left, told)
    except Unreachable as error:
        return Missed(site.id, Outcome.UNREACHABLE, visible(str(error)), started_at)
    except CentralSuperseded as error:
        raise ServerSuperseded(f"site {site.code}: {error}") from None
    except (SiteFailed, ProjectError) as error:
        return Missed(site.id, Outcome.FAILED, visible(str(error)), started_at)
    except Exception as error:  # whatever a site's database holds, it is this site's failure alone (P7)
        return Missed(site.id, Outcome.FAILED, f"unexpected {type(error).__name__} while pulling", started_at)
    landed = landed_pull.land(found, project.pulls, cycle=known.number + 1)
    path = str(landed.relative_to(project.pulls))
    seconds = round(time.monotonic() - began, 3)
    records = int((found.changes["op"] != Op.WITHDRAW.value).sum())  # what stays does not come in
    return Pulled(site.id, path, records, seconds, started_at, _problem(known.sites.get(site.id), found))


def _problem(remembered: KnownSite | None, found: Pull) -> str | None:
    """What somebody should look at, though the site was pulled: tables that are refused there, or gone."""
    now = Capture.of_text(found.capture) if found.capture else None
    problems = now.problems_since(remembered.capture if remembered else None) if now else []
    more = f", and {len(problems) - 1} more: see `supplysync check`" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else None


def _read(
    project: Project, known: Known, site: Site, placed: FrameOf[Placement], now: datetime, left: Left,
    told: LastExchange,
) -> Pull:  # fmt: skip
    """The site's own steps (B24, X1), and what changed there since the last pull. One that is let in again takes its
    steps once it has what the lost line changed: halves that were made there would be made anew, and empty (B50)."""
    terms, owed = known.readmitted.get(site.id), known.owed.get(site.id)
    with (
        damage_told(site, was_pulled=known.was_pulled(site.id)),
        open_site(project.database_url(site), project.folder) as db,
    ):
        if site.id == project.topology.store_records_id:
            placed = placement(project.topology, _own_stores(db, known.stores))
        placed = _without_handed_over(project, db, site, placed)
        expected = _identity(project, known, db, site)
        terms = terms.seen_at(db) if terms else None
        told(notices.refresh_status(db, known.told.get(site.id), now))

        def read() -> Pull:
            return changes_at(db, project, known, site, placed, expected=expected, terms=terms, now=now, left=left)

        if terms or (owed and not owed.is_given):
            found = read()
        else:
            found = read_after_steps(project, known, db, site, placed, expected, now, read)
            _forget_old(db, known.due.sites.get(site.id))
    if terms is None:
        refuse_stranger(found.identity, found.applied_number, known.sites.get(site.id))
    return found


def _forget_old(db: SiteDatabase, due: SiteRetention | None) -> None:
    """What the site need not keep any more goes, once a day (B55); where it cannot just now, another day."""
    if due is not None:
        with suppress(SiteFailed, Unreachable):
            forget_old(db, due.bookmark, answers_before=due.answers_before)


def changes_at(
    db: SiteDatabase, project: Project, known: Known, site: Site, placed: FrameOf[Placement], *,
    expected: tuple[int, str], terms: Terms | None, now: datetime, left: Left = unwatched,
    if_nobodys: Identity | None = None,
) -> Pull:  # fmt: skip
    """What is pulled of a site, as it is landed; nothing is written there. ``terms``: on which it is let in again, told
    apart by what its log has (``seen_at``). ``if_nobodys``: as ``pull`` has it."""
    remembered = terms.site if terms else known.sites.get(site.id)
    stays, rejoins = egress.withheld(placed), known.rejoins(site.id)
    found = pull.pull(
        db,
        identity_expected=expected,
        since=remembered.bookmark if remembered else None,
        schema=project.schema,
        leaving=leaving(project, known, site, placed, stays, remembered, rejoins=rejoins),
        now=now,
        captured=remembered.capture if remembered else None,
        switched=switched(project.topology, site),
        left=left,
        again=terms.log if terms else None,
        is_net=not rejoins,
        if_nobodys=if_nobodys,
    )
    own = replace(found.identity, site_code=site.code)  # what the site calls itself names no folder of ours
    whole = replace(found, identity=own, withheld=stays)
    return terms.settled(whole) if terms else whole


def _without_handed_over(
    project: Project, db: SiteDatabase, site: Site, placed: FrameOf[Placement]
) -> FrameOf[Placement]:
    """``placed``, without the stores that the site was asked to hand over and has, though it could not say so yet."""
    asked = [one.store_id for one in project.topology.moves if (one.from_site, one.state) == (site.id, MoveState.CUT)]
    gone = [store_id for store_id in asked if not is_active_here(db, site.id, store_id)]
    if not gone:
        return placed
    return Placement.take(placed.with_columns(active_site=pl.when(~pl.col("store_id").is_in(gone)).then("active_site")))


def _own_stores(db: SiteDatabase, known: FrameOf[StoreRecord]) -> FrameOf[StoreRecord]:
    """The store records where they are edited: they say what leaves this very site before central knows them."""
    rows = db.read(f"select {', '.join(STORE_COLUMNS)} from {STORE_RECORDS}", columns=STORE_COLUMNS)
    return recorded(rows, known)


def _identity(project: Project, known: Known, db: SiteDatabase, site: Site) -> tuple[int, str]:
    """The site id and database uuid that the database must have; a new site's database is claimed, once it is known to
    be one of ours (T1, P6). One that is ahead of central is left alone; one that is let in again gets the next epoch.
    """
    own, remembered, terms = require_known(known, db, site), known.sites.get(site.id), known.readmitted.get(site.id)
    captured = Capture.of_text(remembered.capture) if remembered and remembered.capture else None
    absent = [table for table, columns in captured.lacking.items() if columns is None] if captured else []
    triggers.upgrade(db, project.schema, absent=absent)
    if own is None:
        triggers.require_installed(db, project.schema)
        name, epoch = (terms.readmission.database_uuid, terms.epoch) if terms else (str(uuid.uuid4()), 1)
        own = identity.claim(db, site.id, site.code, database_uuid=name, epoch=epoch)
    elif terms and own.epoch != terms.epoch:
        identity.begin_epoch(db, terms.epoch)
    if known.line is not None:
        meet(db, known.line)
    triggers.note_version(db, project.schema)
    return site.id, own.database_uuid
