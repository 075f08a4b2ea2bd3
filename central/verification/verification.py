"""Comparing sites with central, by key range down to the rows that differ (O6, B56). Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from central.frames import Agreement, RowDifference
from central.project import Project, ProjectError
from central.verification.rights import with_rights
from central.verification.tables import TableFound, compared_table, filled_tables
from central.visits.fitness import leaving, refuse_stranger
from central.visits.known import Known
from sites.capture import identity
from sites.capture.generations import Lacking
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.pull import pull
from sites.pull.net_changes import records_in_log
from sync_rules import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.schema import Schema
from sync_rules.screen import visible
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site
from sync_rules.words import Differs, Outcome
from warehouse.connection import Connection
from warehouse.ledger.sites import KnownSite
from warehouse.verification import expectation


@dataclass(frozen=True)
class SiteVerified:
    """What was found at a site. ``said``: why it was not compared, where it was not. ``interrupted``: tables that the
    next pull reads whole anyhow, since changes of them may not have been logged (B57). ``listed``: how many records of
    it were left out, since they were rejected, wait, or were not taken there."""

    site: Site
    outcome: Outcome | None
    said: str | None = None
    agreement: FrameOf[Agreement] = field(default_factory=Agreement.empty)
    differences: FrameOf[RowDifference] = field(default_factory=RowDifference.empty)
    interrupted: frozenset[str] = frozenset()
    listed: int = 0

    @property
    def records(self) -> int:
        """How many records were compared."""
        return int(self.agreement["records"].sum())

    def of(self, owner: str | None) -> SiteVerified:
        """What belongs to one store alone; all of it for None."""
        if owner is None:
            return self
        is_owners = pl.col("owner") == owner
        agreement = Agreement.check(self.agreement.filter(is_owners))
        return replace(self, agreement=agreement, differences=RowDifference.check(self.differences.filter(is_owners)))


@dataclass(frozen=True)
class _Site:
    """A site that is open, and what of its tables is compared: ``rules`` by table, columns by ``schema``."""

    db: SiteDatabase
    site: Site
    rules: Mapping[str, Leaving]
    schema: Schema
    edited: FrameOf[RecordKey]
    interrupted: frozenset[str]


def verify_site(
    con: Connection,
    project: Project,
    known: Known,
    site: Site,
    tables: Collection[str] | None = None,
    owner: str | None = None,
) -> SiteVerified:
    """Compares a site with central, or some ``tables`` of it, or what belongs to one ``owner``; the project with its
    moves. Whatever goes wrong with the site is an outcome of this site alone (P7, B12)."""
    remembered = known.sites.get(site.id)
    if why := _not_now(known, site, remembered):
        return SiteVerified(site, None, why)
    assert remembered is not None
    assert remembered.position is not None
    try:
        with open_site(project.database_url(site), project.folder) as db, db.transaction(write=False):
            opened = _opened(project, known, db, site, remembered, tables)
            with expectation.expectation(con, site.id, remembered.position, opened.rules, opened.edited):
                return _compared(con, project, known, opened).of(owner)
    except Unreachable as error:
        return SiteVerified(site, Outcome.UNREACHABLE, visible(str(error)))
    except (SiteFailed, ProjectError) as error:
        return SiteVerified(site, Outcome.FAILED, visible(str(error)))


def _not_now(known: Known, site: Site, remembered: KnownSite | None) -> str | None:
    """Why there is nothing to compare a site with, and what mends it."""
    if remembered is None or remembered.bookmark is None or remembered.position is None:
        return f"it was never pulled: `supplysync sync {site.code}`"
    if site.id in known.readmitted:
        return f"it is let in again with its next cycle: `supplysync sync {site.code}`"
    if known.rejoins(site.id):
        return (
            f"it was not read yet since this server was restored: `supplysync sync {site.code}`; where that is "
            f"refused, `supplysync check` says what lets it in"
        )
    return None


def _opened(
    project: Project,
    known: Known,
    db: SiteDatabase,
    site: Site,
    remembered: KnownSite,
    tables: Collection[str] | None,
) -> _Site:
    placed = placement(project.topology, known.stores)
    stayed = egress.withheld(placed).also(remembered.withheld)
    leaves = leaving(project, known, site, placed, stayed, replace(remembered, withheld=stayed))
    own = identity.read_identity(db)
    expected_identity = (site.id, own.database_uuid if own else "")
    found = pull.begin(
        db, identity_expected=expected_identity, since=remembered.bookmark, schema=project.schema, tables=leaves
    )
    refuse_stranger(found.identity, found.answer.number if found.answer else 0, remembered)
    schema = _as_pulled(found.present.schema, found.capture.appeared_since(remembered.capture))
    is_primary = site.id == project.topology.primary_id
    rules = {
        table: rule
        for table, rule in leaves.items()
        if table in schema.tables
        and (tables is None or table in tables)
        and _is_comparable(rule, is_primary=is_primary)
    }
    edited = records_in_log(db, found.earlier.entries_after(db)) if found.earlier else RecordKey.empty()
    interrupted = found.capture.interrupted_since(remembered.capture) & rules.keys()
    return _Site(db, site, rules, schema, RecordKey.take(edited), interrupted)


def _is_comparable(rule: Leaving, *, is_primary: bool) -> bool:
    """Whether what was edited at the site since would have been told: later edits of new users stay there, and so do
    those of local data of which others have copies, but for primary's. A table that left by other rules is read
    whole first."""
    return not rule.is_unread and not rule.only_inserts and (rule.only_keys is None or is_primary)


def _as_pulled(schema: Schema, appeared: Lacking) -> Schema:
    """What a site has of the tables, without what appeared since it was pulled: that is read whole first."""
    return schema.within(
        {
            table: {one.name for one in columns} - set(appeared.get(table) or ())
            for table, columns in schema.tables.items()
            if appeared.get(table, ()) is not None
        }
    )


def _compared(con: Connection, project: Project, known: Known, opened: _Site) -> SiteVerified:
    counts = expectation.expected_counts(con)
    filled = filled_tables(opened.db, opened.rules)
    tables = [name for name in sorted(opened.rules) if name in filled or counts.get(name)]
    parts = {
        table: compared_table(con, opened.db, opened.schema, opened.rules[table], counts.get(table, 0))
        for table in tables
    }
    found = _settled(con, opened, parts)
    placed = placement(project.topology, known.stores)
    named = {table: part.owners for table, part in parts.items() if part.owners.height}
    rights = with_rights(found, expectation.facts_of(con, found), named, project, opened.site, placed)
    return SiteVerified(
        opened.site,
        Outcome.OK,
        None,
        _agreement(expectation.expected_by_owner(con), rights),
        rights,
        opened.interrupted,
        expectation.listed_of_site(con, opened.site.id),
    )


def _settled(con: Connection, opened: _Site, parts: Mapping[str, TableFound]) -> pl.DataFrame:
    """What differs and nothing explains."""
    found = pl.concat(
        [
            RowDifference.empty().select(*RECORD, "what", "columns"),
            *(part.found.select(pl.lit(table).alias("table_name"), pl.all()) for table, part in sorted(parts.items())),
        ]
    )
    known = expectation.explained(con, opened.site.id, RecordKey.check(found.select(RECORD)))
    return found.join(known, on=RECORD, how="anti", maintain_order="left")


def _agreement(records: pl.DataFrame, found: FrameOf[RowDifference]) -> FrameOf[Agreement]:
    """The counts by owner and table: of what should be there, and of what differs."""
    of = ["owner", "table_name"]
    counts = found.group_by(of).agg(
        *((pl.col("what") == str(what)).sum().cast(pl.Int64).alias(str(what)) for what in Differs)
    )
    both = records.join(counts, on=of, how="full", coalesce=True, nulls_equal=True)
    filled = both.with_columns(pl.col("records", *(str(what) for what in Differs)).fill_null(0))
    at_site = pl.col("records") - pl.col("missing") + pl.col("extra")
    return Agreement.take(filled.with_columns(at_site=at_site).sort(of, nulls_last=True))
