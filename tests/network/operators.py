"""Operators who change the network while people work: the real one goes by what was applied, and the oracle follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from central.cycle.catch_up import catch_up
from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.decisions import write_decision
from central.plan.apply import ApplyRefused, SavedPlan, apply_wanted
from central.plan.interventions import redirect_move
from central.plan.plan import NetworkPlan, make_plan
from central.project import Project
from sites.schema import SCHEMA
from sync_rules.topology.file import TopologyError
from sync_rules.words import DecisionKind, MoveState
from tests.network.comparing import differences, told, write_all
from tests.network.real import NOW, RealNetwork
from tests.network.script import Script
from tests.oracle.moves import CENTRAL_DATA, Move, Moves
from tests.oracle.sites import SiteState
from tests.oracle.topology import WantedSite
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.network.moves import StoredMove, stored_moves
from wire.change_set import read_change_set

Counts = Mapping[tuple[int, str], tuple[int, int]]
TOLD_ON_THE_WAY = ("store_site", "preference")
"""What is written at sites for each step of a move, and not only in the end."""


class AppliedNetwork(RealNetwork):
    """A network that goes by what was applied, not by the file as it lies there (B44)."""

    @staticmethod
    def _in_force(project: Project) -> Project:
        return project

    def asked(self, away: Iterable[int] = ()) -> Asked:
        """An operator asks for something, a minute after the last cycle."""
        self.cycles += 1
        return Asked(self.project(away), NOW + timedelta(minutes=self.cycles), "operator")

    def stored_moves(self) -> list[StoredMove]:
        """What is on its way, and was."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            return stored_moves(con)

    def moves(self) -> Moves:
        """The same, for the oracle."""
        every = [one.move for one in self.stored_moves()]
        return Moves([
            Move(one.store_id if one.is_of_store else CENTRAL_DATA, one.from_site, one.to_site, str(one.state))
            for one in every
        ])  # fmt: skip

    def apply(self, away: Iterable[int] = (), lost: Sequence[str] = ()) -> NetworkPlan | None:
        """Plans and applies the file as it is; None where nothing differs. Raises ApplyRefused, TopologyError."""
        asked = self.asked(away)
        with open_warehouse(asked.project.warehouse, SCHEMA) as con:
            catch_up(con, asked.project)
            made = make_plan(con, asked.project, now=asked.now, forced=lost)
        if apply_wanted(asked, SavedPlan.of(made.document())) is None:
            return None
        self.go_by(asked)
        return made

    def sent_since(self, cycle: int) -> Counts:
        """What cycles after one brought to sites and took from them in the end, by site and table: gains and losses."""
        last: dict[tuple[int, str, str], bool] = {}
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            sets = con.execute(
                "select site_id, path from ledger.change_set where cycle > ? order by cycle, site_id", [cycle]
            ).fetchall()
        for site_id, path in sets:
            made = read_change_set(self.project().change_sets / path)
            for table, rows in made.upserts.items():
                last |= {(site_id, table, one): True for one in rows["id"]}
            last |= {(site_id, *one): False for one in made.deletes.select("table_name", "record_id").iter_rows()}
        found: dict[tuple[int, str], list[int]] = {}
        for (site_id, table, _), is_gain in last.items():
            found.setdefault((site_id, table), [0, 0])[not is_gain] += 1
        return {key: (gains, losses) for key, (gains, losses) in found.items() if key[1] not in TOLD_ON_THE_WAY}

    def engine(self, site_id: int) -> str:
        """What a site's database is."""
        return "sqlite" if self.urls[site_id].startswith("sqlite") else "postgresql"

    def last_cycle(self) -> int:
        """The number of the last cycle."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            return last_cycle(con)

    @staticmethod
    def go_by(asked: Asked) -> None:
        """What follows once a cycle that applies something has begun."""
        for stage in (admit_next, route_last, publish_last):
            stage(asked)


@dataclass
class Operators:
    """Who changes the network of a script. ``done`` counts what they did, and what was refused. ``spare``: the ids of
    sites that are not in the network yet, whose databases are there."""

    script: Script
    network: AppliedNetwork
    rng: Random
    done: Counter[str] = field(default_factory=Counter)
    way: list[str] = field(default_factory=list)
    last_plan: NetworkPlan | None = None
    spare: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._applied = deepcopy(self.script.oracle.wanted)

    @property
    def away(self) -> list[int]:
        """The sites that cannot be reached."""
        return [site.id for site in self.script.oracle.sites.values() if not site.is_up]

    def take_from_lost(self) -> None:
        """A site is lost, and its stores are taken from it: what it wrote, and writes until it is told, is refused
        (precision 21)."""
        wanted, away = self.script.oracle.wanted, self.away
        stores = [one for one in wanted.stores.values() if wanted.id_of(one.active_on) in away]
        if not stores:
            return
        store = self.rng.choice(stores)
        lost = store.active_on
        there = [site.code for site in wanted.sites if site.id not in away]
        self._place(store.code, self.rng.choice(there))
        self.apply("a store is taken from a lost site", lost=[lost])

    def plan_at_rest(self) -> list[str]:
        """Something changes while nobody works, until something is sent because of it: what its plan counted and what
        was sent is the same (B46)."""
        for _ in range(6):
            found = self._planned_once()
            if found or self.done["planned rows"]:
                return found
        return []

    def _planned_once(self) -> list[str]:
        before, number = self.last_plan, self.network.last_cycle()
        for _ in range(20):
            self.rng.choice((self.move, self.change_primary))()
            if self.last_plan is not before:
                break
        made = self.last_plan
        if made is None or made is before:
            return []
        self.rest()
        rows = made.consequences.to_dicts()
        counted = {(row["site_id"], row["table_name"]): (row["gains"], row["loses"]) for row in rows}
        counted = {key: count for key, count in counted.items() if key[1] not in TOLD_ON_THE_WAY}
        sent = self.network.sent_since(number)
        self.done["planned rows"] += sum(map(sum, counted.values()))
        return [
            f"plan {key}: gains, losses {counted.get(key)}, sent {sent.get(key)}"
            for key in sorted(counted.keys() | sent.keys())
            if counted.get(key) != sent.get(key)
        ]

    def apply(self, what: str = "the file as people left it", lost: Sequence[str] = ()) -> bool:
        """Applies what is wanted; the oracle does so too. Where it may not be, all is wanted as before."""
        wanted = self.script.oracle.wanted
        try:
            made = self.network.apply(self.away, lost)
        except (ApplyRefused, TopologyError) as error:
            vars(wanted).update(vars(deepcopy(self._applied)))
            self.done[f"refused: {what}"] += 1
            self.way.append(f"refused {what}: {error}")
            return False
        if made is not None:
            self.last_plan = made
            self.done[what] += 1
            self.way.append(f"{what}: {[(one.subject, one.key, one.before, one.after) for one in made.differences]}")
            self.follow([])
        return made is not None

    def follow(self, only: Collection[int] | None) -> None:
        """The oracle does what the network just did."""
        moves = self.network.moves()
        self.script.oracle.cycle(only, moves)
        self._applied = deepcopy(self.script.oracle.wanted)
        under_way = [one for one in moves.every if not one.is_over]
        self.way.append(f"   moves: {under_way}") if under_way else None

    def act(self) -> None:
        """An operator does something, or nothing."""
        of_moves = (self.move, self.move, self.call_off, self.send_on, self.change_primary, self.take_from_lost)
        what = self.rng.choice((*of_moves, self.rehome, self.rehome, self.add_site, self.remove_site))
        what()

    def move(self) -> None:
        """A store goes to another site (O2)."""
        wanted = self.script.oracle.wanted
        whole = [one for one in wanted.stores.values() if one.include_transactions and not one.central_instance]
        store = self.rng.choice(whole or list(wanted.stores.values()))
        taken = {one.active_on for one in wanted.stores.values()}
        room = [one.code for one in wanted.sites if one.kind == "desktop" or one.code not in taken]  # T2
        self._place(store.code, self.rng.choice([one for one in room if one != store.active_on]))
        self.apply("a store moves")

    def _place(self, code: str, site: str) -> None:
        wanted = self.script.oracle.wanted
        store = wanted.stores[code]
        store.active_on = site
        store.collector_on = [one for one in store.collector_on if one != site]
        if site == wanted.central:
            store.central_instance = None

    def change_primary(self) -> None:
        """Another site becomes primary (B49)."""
        wanted = self.script.oracle.wanted
        wanted.primary = self.rng.choice([one.code for one in wanted.sites if one.code != wanted.primary])
        self.apply("another site becomes primary")

    def rehome(self) -> None:
        """People get another home store (O8): at the next cycle that reaches the site that edits them."""
        oracle, kind = self.script.oracle, self.rng.choice(("patient", "patient", "prescriber"))
        people, stores = sorted(oracle.rows(kind)), sorted(oracle.stores().placed)
        if not people or not stores:
            return
        chosen, store = self.rng.sample(people, min(3, len(people))), self.rng.choice(stores)
        asked = self.network.asked(self.away)
        write_decision(asked.project.pulls, DecisionKind.REHOME, "", reason="moved", now=asked.now,
                       decided_by="operator", record_id=f"{kind}:{store}", records=chosen)  # fmt: skip
        oracle.rehomes += [((kind, one), store) for one in sorted(chosen)]
        self.done["people are given another home"] += 1
        self.way.append(f"rehomed {kind} {chosen} to {store}")

    def add_site(self) -> None:
        """A site comes, its database empty, and now and then a store goes there (O1)."""
        oracle = self.script.oracle
        if not self.spare:
            return
        site = WantedSite(self.spare[0], f"site_{self.spare[0]}")
        before = deepcopy(oracle.wanted)
        oracle.wanted.sites.append(site)
        oracle.sites[site.id] = SiteState(site.id, site.code, self.network.engine(site.id))
        if self.rng.random() < 0.5:
            self._place(self.rng.choice(list(oracle.wanted.stores)), site.code)
        if self.apply("a site is added"):
            self.spare.pop(0)
        else:
            del oracle.sites[site.id]
            vars(oracle.wanted).update(vars(before))

    def remove_site(self) -> None:
        """A site goes at which no store works (O3); what it had not sent is in no network."""
        oracle, wanted = self.script.oracle, self.script.oracle.wanted
        needed = {wanted.central, wanted.primary, *(one.active_on for one in wanted.stores.values())}
        ends = {end for one in self.network.moves().every if not one.is_over for end in (one.before, one.after)}
        idle = [site for site in wanted.sites if site.code not in needed and site.id not in ends]
        if not idle:
            return
        site = self.rng.choice(idle)
        wanted.sites.remove(site)
        for store in wanted.stores.values():
            store.collector_on = [code for code in store.collector_on if code != site.code]
        gone = oracle.sites.pop(site.id)
        if not self.apply("a site is removed"):
            oracle.sites[site.id] = gone

    def _under_way(self, *states: MoveState) -> StoredMove | None:
        found = [one for one in self.network.stored_moves() if one.move.state in states]
        return self.rng.choice(found) if found else None

    def _code(self, site_id: int) -> str:
        return self.script.oracle.wanted.site(site_id).code

    def _store_code(self, store_id: str) -> str:
        return self.script.oracle.stores().placed[store_id].code

    def call_off(self) -> None:
        """What was not handed over stays where it is."""
        one = self._under_way(MoveState.WANTED, MoveState.CUT)
        if one is None:
            return
        if one.move.is_of_store:
            self._place(self._store_code(one.move.store_id), self._code(one.move.from_site))
        else:
            self.script.oracle.wanted.primary = self._code(one.move.from_site)
        self.apply("a move is called off")

    def send_on(self) -> None:
        """What was handed over goes to another site than it was going to."""
        one = self._under_way(MoveState.FILLING)
        if one is None:
            return
        codes = [site.code for site in self.script.oracle.wanted.sites if site.id != one.move.to_site]
        site, asked = self.rng.choice(codes), self.network.asked(self.away)
        try:
            redirect_move(asked, one.number, site, is_forced=False)
        except ApplyRefused as error:
            self.way.append(f"refused redirect: {error}")
            return
        if one.move.is_of_store:
            self._place(self._store_code(one.move.store_id), site)
        else:
            self.script.oracle.wanted.primary = site
        self.network.go_by(asked)
        self.done["a move is sent elsewhere"] += 1
        self.way.append(f"redirected {one} to {site}")
        self.follow([])

    def let_go_on(self) -> None:
        """Whatever keeps moves where they are is accepted."""
        for one in self.network.stored_moves():
            if not one.move.state.is_over and not one.is_accepted:
                asked = self.network.asked()
                write_decision(asked.project.pulls, DecisionKind.GO_ON, self._code(one.move.from_site),
                               reason="enough", now=asked.now, decided_by="operator",
                               record_id=str(one.number))  # fmt: skip

    def cycle(self, only: list[int] | None) -> None:
        """A cycle of the network, and of the oracle."""
        answers = self.network.cycle(only, self.away)
        bad = {site_id: answer for site_id, answer in answers.items() if answer != "ok"}
        self.way.append(f"   cycle {self.network.cycles} of {only or 'all'}: {bad or 'ok'}")
        self.follow(only)

    def play(self, steps: int, *, every: int = 3, each_cycle: bool = False) -> list[str]:
        """A script's steps, with operators among people; what differs from the oracle in the end, and the way there."""
        script, network, waiting = self.script, self.network, []
        for site in script.oracle.sites.values():
            network.change_version(site.id, site.lacking)
        is_first = True
        for step in script.steps(steps, every=every):
            self.way.append(told(step))
            waiting += step.edits
            if not step.is_cycle:
                continue
            write_all(waiting, script.oracle, network)
            waiting.clear()
            if not is_first:
                self.apply()
                self.act()
            is_first = False
            self.cycle(step.only)
            if each_cycle and (found := differences(script.oracle, network)):
                return [*self.way, *found]
        self.rest()
        found = differences(script.oracle, network)
        if not found:
            found = [*self.plan_at_rest(), *differences(script.oracle, network)]
        return [*self.way, *found] if found else []

    def rest(self) -> None:
        """Cycles until nothing is on its way."""
        for number in range(20):
            self.cycle(None)
            if not self.script.oracle.sent and not [one for one in self.network.moves().every if not one.is_over]:
                return
            if number > 4:
                self.let_go_on()
