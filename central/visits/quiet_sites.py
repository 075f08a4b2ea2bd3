"""Sites in which nothing can have happened since the last visit: they are not opened, and what they said then is said
again (M5).

A visit finds the same twice where nobody wrote into the database and central goes by the same. The first is told by the
engine without opening it, the second by a hash of all that a visit goes by. What is remembered of visits is a note: who
loses it opens each site once more. A site is opened all the same when it is an hour since it was told that central was
there (`sites.capture.notices`).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from central.cycle_file import Missed, Pulled
from central.project import Project
from central.visits.known import Known
from sites.capture.notices import FRESH_FOR
from sites.engines.connection import unopened_mark
from sync_rules.frame import FrameOf
from sync_rules.topology.frames import Placement
from sync_rules.topology.topology import Site
from sync_rules.transfers.versions import KEY
from sync_rules.version import rules_version
from warehouse.ledger.sites import KnownSite
from wire import landed_pull
from wire.file_errors import FileUnusable
from wire.whole_files import write_whole

_FILE = Path("cycles", ".quiet.json")


@dataclass(frozen=True)
class QuietVisit:
    """A visit that found and left nothing: the ``mark`` of the unopened database before and after it, the ``basis`` it
    went by, its landed pull and what somebody should look at, and when its status was written."""

    mark: str
    basis: str
    path: str
    problem: str | None
    told_at: str


class QuietSites:
    """Of the sites of one group of a cycle, those that need not be opened."""

    def __init__(self, project: Project, known: Known, placed: FrameOf[Placement], sites: Sequence[Site]) -> None:
        self._project, self._cycle = project, known.number + 1
        self._kept = _read(project.pulls)
        self._basis = _bases(project, known, placed, sites)
        self._told_at: dict[int, datetime | None] = {}
        self._marks = {site.id: mark for site in sites if (mark := _mark(project, site))}
        known_ids = {site.id for site in project.topology.sites}
        self._visits = {site_id: visit for site_id, visit in self._kept.items() if site_id in known_ids}

    def land_again(self, now: datetime) -> Iterator[Pulled]:
        """The pulls of those that need not be opened: what they landed last, for this cycle."""
        for site_id, visit in self._kept.items():
            is_same = (self._marks.get(site_id), self._basis.get(site_id)) == (visit.mark, visit.basis)
            if not is_same or not timedelta(0) <= now - datetime.fromisoformat(visit.told_at) < FRESH_FOR:
                continue
            began, started_at = time.monotonic(), datetime.now(UTC).isoformat()
            pulls = self._project.pulls
            with suppress(FileUnusable):
                landed = landed_pull.land_again(pulls / visit.path, pulls, cycle=self._cycle, pulled_at=now)
                path = str(landed.relative_to(pulls))
                yield Pulled(site_id, path, 0, round(time.monotonic() - began, 3), started_at, visit.problem)

    def told(self, site_id: int, told_at: datetime | None) -> None:
        """When what a site says of its last exchange was written, as its visit tells; None: it could not be."""
        self._told_at[site_id] = told_at

    def remember(self, site: Site, outcome: Pulled | Missed) -> None:
        """Notes how a site was visited, where nothing was found there and nobody wrote meanwhile."""
        self._visits.pop(site.id, None)
        mark, basis, told_at = self._marks.get(site.id), self._basis.get(site.id), self._told_at.get(site.id)
        if (
            mark is None
            or basis is None
            or told_at is None
            or not isinstance(outcome, Pulled)
            or mark != _mark(self._project, site)
        ):
            return
        if landed_pull.is_nothing(self._project.pulls / outcome.path):
            self._visits[site.id] = QuietVisit(mark, basis, outcome.path, outcome.problem, told_at.isoformat())

    def keep(self) -> None:
        """Writes down what was noted, if it is another than before."""
        if self._visits != self._kept:
            with suppress(FileUnusable):  # a note that lacks costs time, nothing else
                said = {str(site_id): asdict(visit) for site_id, visit in sorted(self._visits.items())}
                write_whole(self._project.pulls / _FILE, json.dumps(said, indent=1))


def _read(pulls: Path) -> dict[int, QuietVisit]:
    try:
        said = json.loads((pulls / _FILE).read_text(encoding="utf-8"))
        return {int(site_id): QuietVisit(**visit) for site_id, visit in said.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _mark(project: Project, site: Site) -> str | None:
    try:
        return unopened_mark(project.database_url(site), project.folder)
    except Exception:  # whatever is wrong with a site's database, its visit says it (P7)
        return None


def _bases(project: Project, known: Known, placed: FrameOf[Placement], sites: Sequence[Site]) -> Mapping[int, str]:
    """A hash of what a visit of each site goes by; none of a site in which something is to be done."""
    shared = _hash(
        project.topology_text, project.schema.tables, rules_version(),
        known.line, sorted(known.preferences), sorted(known.leaves.items()),
        project.topology.moves, known.stores.sort("id").rows(), placed.sort("store_id").rows(),
    )  # fmt: skip
    waiting = _rows_by_site(project, known, placed)
    return {
        site.id: _hash(
            shared, _facts(remembered), known.told.get(site.id), sorted(known.made_for(site.id).items()),
            waiting.get(site.id),
        )
        for site in sites
        if (remembered := known.sites.get(site.id)) is not None and not _is_due(known, site.id)
    }  # fmt: skip


def _is_due(known: Known, site_id: int) -> bool:
    return site_id in known.readmitted or site_id in known.owed or site_id in known.due.sites or known.rejoins(site_id)


def _facts(remembered: KnownSite) -> tuple[object, ...]:
    """What is known of a site, but for how far it was sent things: that is in its database too."""
    stays = remembered.withheld
    return (
        remembered.identity, remembered.cluster, remembered.bookmark, sorted(stays.everything), sorted(stays.stock),
        remembered.capture, sorted(remembered.leaves.items()), remembered.change_set_number, remembered.line,
    )  # fmt: skip


def _rows_by_site(project: Project, known: Known, placed: FrameOf[Placement]) -> Mapping[int, list[object]]:
    """What central knows of documents and halves of each site's stores, and of what it did not take from the site."""
    at = placed.select("store_id", site_id="active_site")
    asked = known.asked.versions.join(known.asked.requests, on=KEY)
    of_stores = [(known.at_their_sites, "from_store"), (known.not_begun, "from_store"), (asked, "to_store")]
    of_stores.append((known.asked.requests, "to_store"))
    found: dict[int, list[object]] = {}
    for number, (frame, store) in enumerate(of_stores):
        found.setdefault(project.topology.primary_id, []).append((number, _texts(frame)))  # it answers for all stores
        for site_id, rows in _by_site(frame.join(at, left_on=store, right_on="store_id")):
            found.setdefault(site_id, []).append((number, _texts(rows)))
    for site_id, rows in _by_site(known.refused):
        found.setdefault(site_id, []).append(_texts(rows))
    return found


def _by_site(frame: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for (site_id,), rows in frame.partition_by("site_id", as_dict=True).items():
        yield int(site_id), rows


def _texts(frame: pl.DataFrame) -> list[str]:
    return sorted(map(repr, frame.rows()))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
