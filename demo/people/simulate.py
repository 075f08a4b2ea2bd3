"""Days of people's work at the sites of a demo network.

Run it in a process of its own: another process may be pulling from the same SQLite files (B1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from demo.people.clerks import TRANSFERRING
from demo.people.clinic import DISPENSING
from demo.people.desk import Desk
from demo.people.keepers import KEEPING, MISTAKES
from demo.people.work import WORK
from demo.reference.dice import Dice
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site

Doings = Mapping[str, tuple[Callable[[Desk], bool], float]]


@dataclass(frozen=True)
class DemoSite:
    """A site to work at. ``store_codes`` are its active stores, where the database does not say.

    ``folder`` is where relative SQLite paths start; ``is_primary``: central data is kept here.
    """

    site_code: str
    url: str
    store_codes: tuple[str, ...]
    folder: Path
    is_primary: bool = False


@dataclass(frozen=True)
class SiteWork:
    """What was done at a site, by kind of work; ``problem`` says why nothing more was."""

    site_code: str
    done: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class SimulationReport:
    """A row a site, in the order given."""

    sites: tuple[SiteWork, ...]


def simulate(sites: Sequence[DemoSite], *, days: int, seed: int, scale: float, now: datetime) -> SimulationReport:
    """The work of the ``days`` days that end at ``now``; ``scale`` times an ordinary day's.

    The same seed, ``now`` and database contents give the same work. A site that cannot be worked
    at is reported and does not hold up the others (P7).
    """
    return SimulationReport(tuple(_site_work(site, days, seed, scale, now) for site in sites))


def _site_work(site: DemoSite, days: int, seed: int, scale: float, now: datetime) -> SiteWork:
    done: Counter[str] = Counter()
    try:
        with open_site(site.url, site.folder) as db:
            dice = Dice(f"{seed}:{site.site_code}:{now.isoformat()}:{_state(db)}")
            for day in range(days):
                moment = now - timedelta(days=days - 1 - day)
                done += work(db, site, dice=dice, now=moment, scale=scale)
    except (Unreachable, SiteFailed) as error:
        return SiteWork(site.site_code, dict(done), str(error))
    return SiteWork(site.site_code, dict(sorted(done.items())))


def work(db: SiteDatabase, site: DemoSite, *, dice: Dice, now: datetime, scale: float = 1.0) -> Counter[str]:
    """One day's work at a site: its stores, what arrived first, then the primary's keepers, or others' mistakes."""
    done: Counter[str] = Counter()
    stores = active_stores(db, site)
    for store in stores:
        desk = Desk(db, store, dice, now, stores)
        for doings in (TRANSFERRING, WORK, DISPENSING):
            done += _do(doings, desk, scale)
    if site.is_primary:
        done += _do(KEEPING, Desk(db, "", dice, now), scale)
    elif stores:
        done += _do(MISTAKES, Desk(db, stores[0], dice, now), scale)
    return done


def active_stores(db: SiteDatabase, site: DemoSite) -> list[str]:
    """The ids of the stores active here: as delivered in ``store_site`` (T7), else those ``site`` names."""
    delivered = db.execute(
        "SELECT h.store_id, h.sync_type FROM store_site AS h LEFT JOIN site AS s ON s.id = h.site_id"
        " WHERE s.code = ? OR s.code IS NULL ORDER BY h.store_id",
        (site.site_code,),
    )
    if delivered:
        return [store for store, sync_type in delivered if sync_type == "active"]
    coded = db.execute("SELECT id, code FROM store ORDER BY code")
    return [store for store, code in coded if code in site.store_codes]


def _do(doings: Doings, desk: Desk, scale: float) -> Counter[str]:
    done: Counter[str] = Counter()
    for name, (do, often) in doings.items():
        times = int(often * scale) + desk.dice.happens(often * scale % 1)
        for _ in range(times):
            with desk.db.transaction(write=True):
                done[name] += do(desk)
    return done


def _state(db: SiteDatabase) -> str:
    """Something that every day's work changes, so that work done again makes new ids."""
    found = db.execute(
        "SELECT (SELECT COALESCE(SUM(last_number), 0) FROM document_number), (SELECT COUNT(*) FROM item),"
        " (SELECT COUNT(*) FROM name), (SELECT COUNT(*) FROM name_store_join)"
    )
    return ":".join(str(value) for value in found[0])
