"""Whether a site's database is the one that central knows, and can be read: asked by each pull, and by `check` (P6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from central.project import Project
from central.visits.damage import emptied
from central.visits.known import Known
from sites.capture import answers, identity, line, triggers
from sites.capture.bookmark import restored
from sites.capture.identity import POINT_BACK, renewal
from sites.engines.connection import SiteDatabase, SiteFailed
from sites.pull import pull
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES
from sync_rules.topology.frames import Placement
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site, Topology
from sync_rules.words import Identity
from warehouse.ledger.sites import KnownSite


def require_pullable(project: Project, known: Known, db: SiteDatabase, site: Site) -> list[str]:
    """What the next pull would say that somebody should look at. Raises SiteFailed, in its words, where it would refuse
    the site before it reads a row. Nothing is written."""
    own = require_known(known, db, site)
    if own is None:
        triggers.require_installed(db, project.schema)
        return []
    terms, remembered = known.readmitted.get(site.id), known.as_read(site.id)
    since = remembered.bookmark if remembered else None
    with db.transaction(write=False):
        found = pull.begin(db, identity_expected=(site.id, own.database_uuid), since=since, schema=project.schema,
                           tables=leaving_now(project, known, site))  # fmt: skip
    if terms is None:
        refuse_stranger(found.identity, found.answer.number if found.answer else 0, remembered)
    return found.capture.problems_since(remembered.capture if remembered else None)


def require_known(known: Known, db: SiteDatabase, site: Site) -> Identity | None:
    """Who the database is, if central may know it; None where it is nobody's and may be claimed (T1, P6).

    Raises SiteFailed for another one, and for one that holds what central does not know that it sent.
    """
    remembered, own = known.sites.get(site.id), identity.read_identity(db)
    expected = remembered.identity if remembered else None
    terms = known.readmitted.get(site.id)
    if own is None and (terms or not expected):
        return None
    if own is None and not db.has_table(STORE_RECORDS):
        raise SiteFailed(f"identity refused: {emptied(site.code)}")
    if own is None:
        raise SiteFailed(
            f"identity refused: no site has claimed this database, and `{site.code}` had another one; {POINT_BACK}; or "
            f"`supplysync restore {site.code}` fills an empty one, `supplysync readmit {site.code}` lets in one with "
            "rows"
        )
    if own.site_id != site.id:
        raise SiteFailed(
            f"identity refused: the database belongs to site `{own.site_code}` ({own.site_id}), expected "
            f"site {site.id}; {renewal(site.code, was_pulled=known.was_pulled(site.id))}"
        )
    uuid = terms.readmission.database_uuid if terms else expected.database_uuid if expected else ""
    own = identity.require_identity(own, (site.id, uuid))
    made, last = known.made_for(site.id), remembered.change_set_number if remembered else 0
    if known.line is not None:
        line.require_line(db, known.line)
    if known.line is None or not line.knows_more(db, made, known.line, last=last):
        answers.require_not_ahead(db, made, last=last)
    return own


def refuse_stranger(found: Identity, applied: int, remembered: KnownSite | None) -> None:
    """P6: a clone, a wrong database or one restored from a backup is recognised before anything is admitted.
    ``applied``: the number of the last change set that it holds."""
    if remembered is None or remembered.identity is None:
        return
    expected = replace(remembered.identity, site_code=found.site_code)
    if found.epoch > expected.epoch and found == replace(expected, epoch=found.epoch):
        raise SiteFailed(
            f"identity refused: the database is in epoch {found.epoch}, central knows {expected.epoch}: a server that "
            f"is lost let it in again; `supplysync readmit {found.site_code}` shows first what becomes of it"
        )
    if found != expected:
        raise SiteFailed(f"identity refused: this is not the database that central knows as this site; {POINT_BACK}")
    if applied < remembered.change_set_number:
        sign = f"the database holds change set {applied}, but had applied {remembered.change_set_number}"
        raise restored(sign, found.site_code)


def leaving_now(project: Project, known: Known, site: Site) -> Mapping[str, egress.Leaving]:
    """Which rows would leave the site if it were pulled now, with the stores where central knows them to be."""
    placed = placement(project.topology, known.stores)
    return leaving(project, known, site, placed, egress.withheld(placed), known.sites.get(site.id))


def leaving(
    project: Project,
    known: Known,
    site: Site,
    placed: FrameOf[Placement],
    stays: egress.Withheld,
    remembered: KnownSite | None,
    *,
    rejoins: bool = False,
) -> Mapping[str, egress.Leaving]:
    """Which rows leave the site, and which of them newly do, since what is ``remembered`` of it: those are read whole
    (P3, P9). So is all that is its own stores', and all of the tables that it alone edits, where it ``rejoins``:
    halves that the lost server made, changes that it was to admit, what it gave back are in no log. Copies of others'
    are theirs to tell."""
    here = egress.stores_at(placed, site.id)
    found = egress.leaving(
        stays,
        remembered.withheld if remembered and remembered.bookmark else stays,
        from_primary=site.id == project.topology.primary_id,
        preferences=known.preferences,
        parties=frozenset(placed["name_id"].drop_nulls()) if stays.at(here) != egress.NOTHING else frozenset(),
        unread=_unread(remembered, known.leaves),
        here=here,
    )
    return (
        {table: _read_anew(rule, project.topology, site, here) for table, rule in found.items()} if rejoins else found
    )


def _read_anew(rule: egress.Leaving, topology: Topology, site: Site, here: frozenset[str]) -> egress.Leaving:
    """The rule by which all is read that is the site's: of its stores, or of the one site that edits the table."""
    if rule.owner_column is not None:
        return replace(rule, whole=here)
    editors = {
        Authority.PRIMARY: topology.primary_id,
        Authority.CENTRAL: topology.central_id,
        Authority.STORE_RECORDS: topology.store_records_id,
    }
    return replace(rule, is_unread=rule.is_unread or editors.get(RULES[rule.table].authority) == site.id)


def _unread(remembered: KnownSite | None, leaves: Mapping[str, str]) -> frozenset[str]:
    """The tables that left the site by another rule, or not at all, when it was read last (P9)."""
    if remembered is None or remembered.bookmark is None:
        return frozenset()
    return frozenset(table for table, rule in leaves.items() if remembered.leaves.get(table) != rule)
