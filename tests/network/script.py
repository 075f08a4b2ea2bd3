"""A seeded script of people's work: right edits and wrong ones, on a network whose sites come and go.

Every kind of step is a function that looks at the oracle and returns the edits of one person, or None
where there is nothing such a step could be done to. Kinds are drawn from a shuffled deck, so that all
of them come up about equally often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tests.network.people import Edit
from tests.network.world import engines, first_edits, other_versions, random_wanted, row, value
from tests.oracle.oracle import Oracle
from tests.oracle.sites import Refused, SiteState
from tests.oracle.tables import DOCUMENTS, TABLES
from tests.oracle.topology import Stores

CENTRAL = [
    name for name, table in TABLES.items() if table.policy in ("central", "central_dispensary") and not table.merges
]
OWNED = [name for name, table in TABLES.items() if table.policy in ("store", "prescription") and not table.merges]
SINGLE = [name for name in OWNED if name not in DOCUMENTS and TABLES[name].lines_of is None]
HEADERS = [name for name in OWNED if name in DOCUMENTS]
LINES = [name for name in OWNED if TABLES[name].lines_of]
KEYS = ("code", "type", "status", "mode", "sync_type", "kind", "key", "table_name", "is_centralised")
# kinds that often find nothing to be done to
RARE = [
    "a document passes to another store of its site",
    "a document passes to another store of its site",
    "a store is placed",
    "a store record is made",
    "a store record is made",
    "a site comes back",
    "a line is put into another store's document",
    "central data in use is deleted",
    "central data in use is deleted",
    "a store record gets another code",
    "two sites make one record",
    "a user of another site is made again",
    "an id of another store's record is used",
    "what was missing comes",
    "central data in use is deleted",
    "a repeat is edited on two sites",
    "a repeat is edited on two sites",
    "a repeat is edited on two sites",
    "an order is edited elsewhere",
    "prescribers are merged",
    "locations are merged",
    "ordered goods are received",
]


@dataclass
class Step:
    """``edits`` in order; ``cycle`` names the sites of a cycle (None: all) where ``is_cycle``."""

    kind: str
    edits: list[Edit] = field(default_factory=list)
    is_cycle: bool = False
    only: list[int] | None = None


class Script:
    """Plays steps on an oracle and yields them, so that they can be done to a real network too.

    ``kinds``: only steps of these kinds; all kinds where it is empty.
    """

    def __init__(self, seed: int, kinds: Sequence[str] = ()) -> None:
        self.rng = Random(seed)
        self.kinds = kinds or [*sorted(KINDS), *RARE]
        self.oracle = Oracle(wanted := random_wanted(self.rng), engines(wanted))
        other_versions(Random(f"versions {seed}"), self.oracle)
        self.counts: Counter[str] = Counter()
        self.numbers = 0
        self.deck: list[str] = []

    def begin(self) -> Step:
        """What is there before the first contact."""
        step = Step("begin")
        for edit in first_edits(self.rng, self.oracle):
            with suppress(Refused):  # a site may have none of the columns
                edit.to_oracle(self.oracle)
                step.edits.append(edit)
        return step

    def steps(self, count: int, *, every: int = 20) -> Iterator[Step]:
        """The beginning, ``count`` steps with cycles in between, and the cycles until the network is quiet."""
        yield self.begin()
        yield self._cycle(None)
        for number in range(count):
            for _ in range(self.rng.randint(6, 7)):
                yield self._some_step()
            if number % every == every - 1:
                yield self._cycle(None)
            elif self.rng.random() < 0.03:
                yield self._cycle([site.id for site in self.oracle.wanted.sites if self.rng.random() < 0.5])
        for site in self.oracle.wanted.sites:
            site.enabled = self.oracle.sites[site.id].is_up = True
        yield self._cycle(None)
        while self.oracle.sent:
            yield self._cycle(None)

    def _cycle(self, only: list[int] | None) -> Step:
        self.counts["cycle" if only is None else "cycle of some sites"] += 1
        return Step("cycle", is_cycle=True, only=only)

    def _some_step(self) -> Step:
        for _ in range(1000 * len(self.kinds)):
            if not self.deck:
                self.deck = self.rng.sample(self.kinds, len(self.kinds))
            kind = self.deck.pop()
            edits = KINDS[kind](self)
            if edits is None:
                continue
            done = []
            try:
                for edit in edits:
                    edit.to_oracle(self.oracle)
                    done.append(edit)
            except Refused:
                if not done:
                    continue
            self.counts[kind] += len(done) == len(edits)
            return Step(kind, done)
        raise ValueError(f"none of these steps can be done in this network: {', '.join(self.kinds)}")

    # -- looking around

    @property
    def primary_id(self) -> int:
        """Where people edit central data: on primary; on central while that is on its way, where nobody may (B49)."""
        wanted = self.oracle.wanted
        return wanted.primary_id or wanted.central_id

    @property
    def store_keeper_id(self) -> int:
        """Where people edit store records, likewise."""
        wanted = self.oracle.wanted
        return wanted.store_keeper_id or wanted.central_id

    def new_id(self, prefix: str = "r") -> str:
        self.numbers += 1
        return f"{prefix}{self.numbers}"

    def pick(self, found: list[tuple[int, str, str]]) -> tuple[int, str, str] | None:
        return self.rng.choice(found) if found else None

    def parents(self, site: SiteState) -> dict[str, list[str]]:
        return {table: sorted(rows) for table, rows in site.rows.items()}

    def at(self, site_id: int, tables: list[str]) -> list[tuple[int, str, str]]:
        """The rows of some tables at a site: (site, table, id)."""
        rows = self.oracle.sites[site_id].rows
        return [(site_id, table, record_id) for table in tables for record_id in sorted(rows[table])]

    def anywhere(self, tables: list[str]) -> list[tuple[int, str, str]]:
        return [one for site_id in sorted(self.oracle.sites) for one in self.at(site_id, tables)]

    def active_stores(self, site_id: int | None = None) -> list[tuple[int, str]]:
        """(site, store id) of the stores that are active somewhere, or on one site."""
        stores = self.oracle.stores()
        found = [(stores.active_site(store_id), store_id) for store_id in sorted(stores.records)]
        return [(site, store) for site, store in found if site is not None and site_id in (None, site)]

    def owned(self, tables: list[str], *, by_their_site: bool) -> list[tuple[int, str, str]]:
        """Rows of stores at the site where their store is active, or at others."""
        stores = self.oracle.stores()
        return [
            (site_id, table, record_id)
            for site_id, table, record_id in self.anywhere(tables)
            if (self._active_site(stores, site_id, table, record_id) == site_id) is by_their_site
        ]

    def _active_site(self, stores: Stores, site_id: int, table: str, record_id: str) -> int | None:
        site = self.oracle.sites[site_id]
        return stores.active_site(site.owner(table, site.rows[table][record_id]))

    def others(self, site_id: int) -> list[int]:
        return [one for one in sorted(self.oracle.sites) if one != site_id]

    # -- making edits

    def insert(self, site_id: int, table: str, **given: object) -> Edit:
        site = self.oracle.sites[site_id]
        return Edit(site_id, "insert", table, self.new_id(), row(self.rng, table, self.parents(site), **given))

    def update(self, found: tuple[int, str, str], **given: object) -> Edit:
        """Changes one or two columns that are no keys."""
        site_id, table, record_id = found
        facts = TABLES[table]
        free = [name for name in facts.columns if not name.endswith("_id") and name not in KEYS]
        chosen = self.rng.sample(free, min(len(free), self.rng.randint(1, 2)))
        new = {name: value(self.rng, facts.columns[name]) for name in chosen}
        if not new and not given:  # nothing but keys: another parent
            column = next(iter(facts.refers))
            new[column] = self.rng.choice(self.parents(self.oracle.sites[site_id])[facts.refers[column]])
        return Edit(site_id, "update", table, record_id, {**new, **given})

    def document(self, site_id: int, header: str, store_id: str | None) -> list[Edit]:
        """A document with lines."""
        site = self.oracle.sites[site_id]
        lines = DOCUMENTS[header]
        edits = [self.insert(site_id, header, store_id=store_id)]
        for _ in range(self.rng.randint(1, 3)):
            content = row(self.rng, lines, {**self.parents(site), header: [edits[0].record_id]})
            edits.append(Edit(site_id, "insert", lines, self.new_id("l"), content))
        return edits


Kind = Callable[[Script], list[Edit] | None]
KINDS: dict[str, Kind] = {}


def kind(name: str) -> Callable[[Kind], Kind]:
    """Enters a kind of step into the deck."""

    def enter(step: Kind) -> Kind:
        KINDS[name] = step
        return step

    return enter
