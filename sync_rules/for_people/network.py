"""The facts about stores, people and sites that sentences about one record are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync_rules.topology.topology import Topology


@dataclass(frozen=True)
class StoreFacts:
    """A recorded store: where it is active (None: nowhere), what leaves its site."""

    code: str
    active_site: int | None
    central_type: str
    is_quiet: bool


@dataclass(frozen=True)
class Person:
    """A patient or prescriber: the home, the stores they are visible in, those whose prescriptions name them, and
    the sites that had somebody who was merged into them."""

    home_store: str | None = None
    home_site: int | None = None
    visible_in: frozenset[str] = frozenset()
    used_in: frozenset[str] = frozenset()
    merged_at: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Network:
    """The facts that scopes follow from, as far as one record's scopes ask: ``instances`` by site and store,
    ``people`` by table and id, the sites where a dispensary is active, and centralised orders."""

    topology: Topology
    stores: Mapping[str, StoreFacts]
    instances: Mapping[tuple[int, str], str]
    dispensing: frozenset[int]
    people: Mapping[tuple[str, str], Person] = field(default_factory=dict)
    centralised_orders: frozenset[str] = frozenset()

    def code(self, store_id: str) -> str:
        """A store's code; its id where it has no record."""
        return self.stores[store_id].code if store_id in self.stores else store_id

    def site(self, site_id: int | None) -> str:
        """A site's code."""
        return next((one.code for one in self.topology.sites if one.id == site_id), f"site {site_id}")

    def codes(self, store_ids: frozenset[str]) -> str:
        """Codes of stores with commas between them."""
        return ", ".join(sorted(self.code(one) for one in store_ids))
