"""A site that was removed: its data stays in its database, and what was put there for the exchange goes (O3); what came
from elsewhere too, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from central.cycle.catch_up import catch_up
from central.project import Project, ProjectError
from sites.capture import triggers
from sites.capture.bookmark import Bookmark
from sites.capture.identity import read_identity, require_identity
from sites.deliver.wipe import active_there, kept_by_others, records_there, wiped
from sites.engines.connection import open_site
from sites.engines.engine import SiteDatabase
from sites.pull.net_changes import records_in_log
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.texts.likeness import guessed
from sync_rules.topology.file import parse_applied
from sync_rules.topology.topology import Site
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.network.versions import versions
from warehouse.ledger.sites import from_elsewhere, known_sites
from wire.frames import SkippedRow


@dataclass(frozen=True)
class Wipe:
    """Of the records that came from elsewhere, how many go, by table, and those that stay because others that stay
    refer to them."""

    records: Mapping[str, int]
    stayed: FrameOf[SkippedRow]


@dataclass(frozen=True)
class Retirement:
    """What became of a removed site's database: how many records that central never got stay there (``unsent``)."""

    unsent: int
    wipe: Wipe


@dataclass(frozen=True)
class _Retiring:
    """A removed site's database, in a transaction of its own."""

    db: SiteDatabase
    site: Site
    unsent: FrameOf[RecordKey]
    con: Connection

    def elsewhere(self, project: Project) -> FrameOf[RecordKey]:
        """The records that came from elsewhere: made by another site or by central, of no store that is active there by
        its own table, and not changed there since. What central never had is the site's."""
        there = records_there(self.db, project.schema)
        found = from_elsewhere(self.con, there, self.site.id, active_there(self.db, self.site.id))
        return RecordKey.check(found.join(self.unsent, on=RECORD, how="anti"))


def look_at_wipe(project: Project, code: str, *, is_unsent_left: bool) -> Wipe:
    """What ``retire_site`` would take out of the database besides, with nothing changed; raises what that does."""
    with _retiring(project, code, is_unsent_left) as found:
        records = found.elsewhere(project)
        return _of(records, kept_by_others(found.db, project.schema, records))


def retire_site(project: Project, code: str, *, is_unsent_left: bool, is_wiped: bool = False) -> Retirement:
    """Takes capture, identity and all else of ours from the database of a site that is not in force any more, in one
    transaction; with ``is_wiped`` the records too that came from elsewhere.

    The caller has the project's turn. Raises ProjectError where the site is in force, or never was, or has changes that
    central never got and nobody said to leave them (``is_unsent_left``); SiteFailed where the database is not that
    site's, Unreachable.
    """
    with _retiring(project, code, is_unsent_left) as found:
        records = found.elsewhere(project) if is_wiped else RecordKey.empty()
        triggers.remove_all(found.db)
        return Retirement(found.unsent.height, _of(records, wiped(found.db, project.schema, records)))


def _of(records: FrameOf[RecordKey], stayed: FrameOf[SkippedRow]) -> Wipe:
    gone = records.join(stayed, on=RECORD, how="anti").group_by("table_name").len().sort("table_name")
    return Wipe(dict(gone.iter_rows()), stayed)


@contextmanager
def _retiring(project: Project, code: str, is_unsent_left: bool) -> Iterator[_Retiring]:
    if any(site.code == code for site in project.topology.sites):
        raise ProjectError(f"site `{code}` is in force: take its [[site]] out of topology.toml, and `supplysync apply`")
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        site = _as_it_was(con, code)
        known = known_sites(con).get(site.id)
        uuid = known.identity.database_uuid if known and known.identity else ""
        with open_site(project.database_url(site), project.folder) as db, db.transaction(write=True):
            own = read_identity(db)
            if own is None and uuid:
                raise ProjectError(
                    f"the database of `{code}` has nothing of supplysync in it any more: it was retired, or is another "
                    "one; what came from elsewhere cannot be told from its own there"
                )
            require_identity(own, (site.id, uuid))
            unsent = _unsent(db, known.bookmark if known else None)
            if unsent.height and not is_unsent_left:
                many = "1 record was" if unsent.height == 1 else f"{unsent.height:,} records were"
                raise ProjectError(
                    f"{many} changed at `{code}` since central pulled it last: put its [[site]] "
                    "back, `supplysync apply` and `sync`; or leave them there with --leave-unsent"
                )
            yield _Retiring(db, site, unsent, con)


def _unsent(db: SiteDatabase, bookmark: str | None) -> FrameOf[RecordKey]:
    """What was changed there since ``bookmark``; nothing where central never read the database."""
    if not bookmark:
        return RecordKey.empty()
    return RecordKey.take(records_in_log(db, Bookmark.of_text(bookmark).entries_after(db)))


def _as_it_was(con: Connection, code: str) -> Site:
    known: set[str] = set()
    for version in versions(con):
        for site in parse_applied(version.toml).sites:
            known.add(site.code)
            if site.code == code:
                return site
    guess = guessed(code, sorted(known))
    raise ProjectError(
        f"no site `{code}` was ever in force; {f'{guess} ' if guess else ''}`supplysync topology list` shows what was"
    )
