"""A network whose stores move while people work: they work where their site's own table says that a store is active."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from central.cycle.catch_up import catch_up
from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, deliver_last, publish_last, pull_due, route_last
from central.decisions import write_decision
from central.pauses import EVERY_SITE, paused_now
from central.plan.apply import ApplyRefused, SavedPlan, apply_wanted
from central.plan.interventions import cancel_moves, redirect_move
from central.plan.plan import make_plan
from central.project import Project, load
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.topology.text import to_toml
from sync_rules.topology.topology import Site, Store, Topology
from sync_rules.words import DecisionKind, MoveState
from tests.central.clinics import central_rows, patient, prescription, seen
from tests.central.dealing import invoice, invoice_line
from tests.central.small_network import NOW, make_sites, put
from warehouse.connection import open_warehouse
from warehouse.ledger.network.moves import StoredMove, open_moves

SITES = ("central", "one", "two", "three")
"""The sites at the beginning; others are added, by the number that follows."""
PLACES = {"CMS": "central", "A": "one", "B": "one", "C": "two", "D": "two", "E": "three"}
DISPENSARIES = {"B", "C", "E"}
HOW = (
    "whole",
    "some sites",
    "cut off after the pull",
    "cut off after admission",
    "cut off before delivery",
    "people go on",
)
_CUT_OFF = {"cut off after the pull": 1, "cut off after admission": 2, "cut off before delivery": 3}


@dataclass
class Movers:
    """The network in ``folder``. ``stock``: what people made, by id its store and packs; ``patients``, by id the last
    name that somebody gave them; ``homes``: their home stores; ``sent``: invoices to other stores; ``items``: what they
    are called; ``were_lost``: sites, by id; ``listed``: what such a site changed and another one too, which no operator
    could take in."""

    folder: Path
    urls: Mapping[str, str]
    rng: Random
    first_primary: str
    stock: dict[str, tuple[str, int]] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    were_lost: set[int] = field(default_factory=set)
    listed: set[tuple[str, str]] = field(default_factory=set)
    moves_asked: int = 0
    _minutes: count[int] = field(default_factory=lambda: count(1))
    _ids: count[int] = field(default_factory=lambda: count(1))

    @property
    def project(self) -> Project:
        """The project as it stands."""
        return load(self.folder)

    def later(self) -> Any:
        """A minute after the last cycle."""
        return NOW + timedelta(minutes=next(self._minutes))

    def rows(self, site: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows at a site."""
        with open_site(self.urls[site], self.folder) as db:
            return db.execute(sql)

    def active(self, only: Collection[str] | None = None) -> dict[str, list[str]]:
        """The sites, or those of ``only``, that say of themselves that a store is active there."""
        found: dict[str, list[str]] = {store: [] for store in PLACES}
        for site in self.project.topology.sites:
            if only is not None and site.code not in only:
                continue
            sql = f"select store_id from store_site where sync_type = 'active' and site_id = '{site.id}'"
            for (store,) in self.rows(site.code, sql):
                found[store].append(site.code)
        return found

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that are in force."""
        return tuple(site.code for site in self.project.topology.sites)

    def primaries(self) -> list[str]:
        """The sites that say of themselves that they are primary; the first one until it was told anything."""
        told = {site: self.rows(site, "select value from preference where key = 'is_primary'") for site in self.sites}
        yes = [site for site, rows in told.items() if rows == [("true",)]]
        return yes or ([] if told[self.first_primary] else [self.first_primary])

    def office(self) -> None:
        """Somebody names an item where central data is edited."""
        for site in self.primaries():
            number = next(self._ids)
            with open_site(self.urls[site], self.folder) as db, db.transaction(write=True):
                made = f"item{self.rng.randint(1, 3)}"
                self.items[made] = f"called {number}"
                put(db, "item", {"id": made, "code": made, "name": self.items[made]})

    def open_moves(self) -> list[StoredMove]:
        """The moves that are under way."""
        with open_warehouse(self.project.warehouse, SCHEMA) as con:
            return open_moves(con)

    def work(self, only: Collection[str] | None = None) -> None:
        """Somebody does something at a store that is active where they are; at one of the sites ``only``."""
        at = [(store, site) for store, sites in self.active(only).items() for site in sites]
        if not at:
            return
        store, site = self.rng.choice(at)
        number = next(self._ids)
        with open_site(self.urls[site], self.folder) as db, db.transaction(write=True):
            match self.rng.choice(("make", "count", "count", "take away", "send", "patient", "treat")):
                case "make":
                    self.stock[f"s{number}"] = (store, number)
                    put(
                        db,
                        "stock_line",
                        {"id": f"s{number}", "store_id": store, "item_id": "amoxicillin", "total_packs": number},
                    )
                case "count" | "take away" as what:
                    own = sorted(one for one, (owner, _) in self.stock.items() if owner == store)
                    if own and what == "count":
                        chosen = self.rng.choice(own)
                        self.stock[chosen] = (store, number)
                        db.execute("update stock_line set total_packs = ? where id = ?", (number, chosen))
                    elif own:
                        chosen = self.rng.choice(own)
                        del self.stock[chosen]
                        db.execute("delete from stock_line where id = ?", (chosen,))
                case "send":
                    other = self.rng.choice(sorted(set(PLACES) - {store}))
                    self.sent[f"i{number}"] = other
                    put(db, "invoice", invoice(f"i{number}", store, other, number=1000 + number))
                    put(db, "invoice_line", invoice_line(f"l{number}", f"i{number}"))
                case "patient" if store in DISPENSARIES:
                    self.patients[f"p{number}"], self.homes[f"p{number}"] = f"p{number}", store
                    put(db, "patient", patient(f"p{number}", store))
                    put(db, "patient_store_join", seen(f"p{number}", store))
                    put(db, "prescription", {**prescription(f"rx{number}", store, f"p{number}"), "number": number})
                case "treat":
                    home = f"select id from patient where home_store_id = '{store}' and id like 'p%' order by id"
                    own = [row[0] for row in db.execute(home) if row[0] in self.patients]
                    if own and store in DISPENSARIES:
                        chosen = self.rng.choice(own)
                        self.patients[chosen] = f"seen {number}"
                        db.execute("update patient set last_name = ? where id = ?", (f"seen {number}", chosen))

    def cycle(self, how: str = "whole", only: Sequence[str] | None = None) -> None:
        """A cycle that goes wrong in some way, or not; of the sites ``only``."""
        if how == "some sites":
            only = ["central", *self.rng.sample(self.sites[1:], 2)]

        def go_on(_: Asked) -> None:  # people do, between the pull and the delivery
            if how == "people go on":
                for _each in range(3):
                    self.work()

        stages = (pull_due, admit_next, route_last, go_on, deliver_last)
        run_cycle(self.project, now=self.later(), only=only, stages=stages[: _CUT_OFF.get(how, len(stages))])

    def move(self) -> None:
        """An operator has a store go elsewhere, thinks better of it, or sends it on."""
        ongoing = self.open_moves()
        if ongoing and self.rng.random() < 0.4:
            one = self.rng.choice(ongoing)
            is_handed_over = one.move.state in (MoveState.FILLING, MoveState.ACTIVATING)
            codes = {site.id: site.code for site in self.project.topology.sites}
            site = self.rng.choice(self.sites) if is_handed_over else codes[one.move.from_site]
            if one.move.state is not MoveState.ACTIVATING and site != codes[one.move.to_site]:
                self._steer(one, site if is_handed_over else None)
            return
        self.moves_asked += self.apply(self._something_else())

    def apply(self, topology: Topology, *, lost: Sequence[str] = ()) -> bool:
        """An operator applies ``topology``, without asking the sites that are ``lost``; whether that changed anything.
        Where it may not be, topology.toml is as before."""
        self._write(topology)
        asked = Asked(self.project, self.later(), "operator")
        try:
            with open_warehouse(asked.project.warehouse, SCHEMA) as con:
                catch_up(con, asked.project)
                saved = SavedPlan.of(make_plan(con, asked.project, now=asked.now, forced=lost).document())
            is_other = apply_wanted(asked, saved) is not None
        except ApplyRefused:
            self._write(self.project.topology)
            return False
        for stage in (admit_next, route_last, publish_last):
            stage(asked)
        return is_other

    def _something_else(self) -> Topology:
        """A store goes elsewhere, or another site becomes primary (B49)."""
        site = self.rng.choice(self.sites)
        if self.rng.random() < 0.2:
            return replace(self.project.topology, primary=site)
        return self.placing({self.rng.choice(sorted(PLACES)): site})

    def pause(self) -> None:
        """An operator leaves a site alone, or goes on with one that was (T8)."""
        with open_warehouse(self.project.warehouse, SCHEMA) as con:
            paused = sorted(paused_now(con, self.project))
        kind = DecisionKind.RESUME if paused else DecisionKind.PAUSE
        site = paused[0] if paused else self.rng.choice(self.sites)
        write_decision(self.project.pulls, kind, site, reason=None, now=self.later(), decided_by="operator")

    def resume(self) -> None:
        """Every site that is paused goes on."""
        with open_warehouse(self.project.warehouse, SCHEMA) as con:
            if paused_now(con, self.project):
                write_decision(self.project.pulls, DecisionKind.RESUME, EVERY_SITE, reason=None, now=self.later(),
                               decided_by="operator")  # fmt: skip

    def _steer(self, one: StoredMove, site: str | None) -> None:
        asked = Asked(self.project, self.later(), "operator")
        try:
            if site is None:
                cancel_moves(asked, [one.number])
            else:
                redirect_move(asked, one.number, site, is_forced=False)
        except ApplyRefused:
            return  # a cycle that was cut off is admitted first, and took it on
        for stage in (admit_next, route_last):
            stage(asked)
        self._write(self.project.topology)

    def placing(self, places: Mapping[str, str]) -> Topology:
        """What is in force, with stores, by code, at other sites."""
        topology = self.project.topology
        stores = tuple(Store(one.code, places.get(one.code, one.active_on)) for one in topology.stores)
        return Topology(topology.central, topology.primary, topology.sites, stores)

    def _write(self, topology: Topology) -> None:
        (self.folder / "topology.toml").write_text(to_toml(topology), encoding="utf-8")


def place_of(number: int, site: str, urls: Mapping[str, str]) -> Site:
    """A site as topology.toml has it."""
    return Site(number, site, database=urls[site])


def make_movers(folder: Path, urls: Mapping[str, str], rng: Random, primary: str) -> Movers:
    """The network, its central data on primary, capture installed, everybody seeing everybody."""
    folder.mkdir(parents=True, exist_ok=True)
    sites = tuple(place_of(number, site, urls) for number, site in enumerate(SITES, start=1))
    stores = tuple(Store(code, site) for code, site in PLACES.items())
    (folder / "topology.toml").write_text(to_toml(Topology("central", primary, sites, stores)), encoding="utf-8")
    make_sites(folder, urls, central_rows(PLACES, DISPENSARIES), primary)
    return Movers(folder, urls, rng, primary)
