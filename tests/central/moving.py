"""Stores on their way, as tests bring them along (B47)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.plan.apply import SavedPlan, apply_wanted
from central.plan.plan import NetworkPlan, make_plan
from central.project import load
from sites.engines.connection import open_site
from sites.engines.sql import quote
from tests.central.clinics import SITES, Clinics
from warehouse.connection import open_warehouse


class HasSites(Protocol):
    """A network in a folder, the databases of its sites by their codes."""

    @property
    def folder(self) -> Path:
        """The project's."""

    @property
    def urls(self) -> Mapping[str, str]:
        """By site."""


OVER = {"done", "cancelled"}


def apply(clinics: Clinics, *, forced: Sequence[str] = ()) -> NetworkPlan | None:
    """What `apply` does, `--force` for the sites ``forced``."""
    asked = Asked(load(clinics.folder), clinics.later(), "ana@server")
    with open_warehouse(asked.project.warehouse, asked.project.schema) as con:
        saved = SavedPlan.of(make_plan(con, asked.project, now=asked.now, forced=forced).document())
    made = apply_wanted(asked, saved)
    for stage in (admit_next, route_last, publish_last):
        stage(asked)
    return made


@contextmanager
def lost(network: HasSites, site: str) -> Iterator[None]:
    """A site that nobody can reach: its database is somewhere else."""
    scheme, _, rest = network.urls[site].partition("://")
    if scheme == "sqlite":
        file = network.folder / rest.lstrip("/")
        away = file.rename(file.with_suffix(".away"))
        yield
        away.rename(file)
        return
    where, _, how = rest.partition("?")
    name = where.rpartition("/")[2]
    server = f"{scheme}://{where.removesuffix(name)}postgres?{how}"
    for was, now in ((name, f"{name}_away"), (f"{name}_away", name)):
        with open_site(server, Path()) as db:
            db.execute(f"alter database {quote(was)} rename to {quote(now)}")
        if was == name:
            yield


def state(clinics: Clinics) -> list[str]:
    """The states of all moves."""
    return [row[0] for row in clinics.warehouse("select state from ledger.move order by move")]


def told(clinics: Clinics, store: str) -> dict[str, str]:
    """What each site says of a store, by its own table (T7)."""
    rows = {site: clinics.rows(site, "store_site", "sync_type", f"store_id = '{store}'") for site in SITES}
    return {site: own[0][0] for site, own in rows.items() if own}


def active(clinics: Clinics, store: str) -> list[str]:
    """The sites where the store is active, by what they were told themselves."""
    return [site for site, kind in told(clinics, store).items() if kind == "active"]


def moving(clinics: Clinics, store: str, until: str, *, to: str = "south") -> None:
    """A store on its way, up to a state."""
    clinics.configure({}, **{store: {"active_on": to, "collector_on": []}})
    apply(clinics)
    while state(clinics)[-1] != until:
        clinics.sync()


def finish(clinics: Clinics) -> None:
    """Cycles until every move is over, and one more."""
    for _ in range(8):
        clinics.sync()
        if set(state(clinics)) <= OVER:
            clinics.sync()
            return
    raise AssertionError(clinics.warehouse("select * from ledger.move"))
