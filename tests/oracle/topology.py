"""The wanted network as the oracle reads it, and the instances that follow (T2 to T6, T10, B7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
OPTIONS = ("centralised_procurement", "centralised_payments", "prescriptions_follow_patient", "repeats_anywhere")


@dataclass
class WantedSite:
    id: int
    code: str
    kind: str = "desktop"
    enabled: bool = True
    local_procurement: bool = False


@dataclass
class WantedStore:
    code: str
    active_on: str
    central_instance: str | None = None
    collector_on: list[str] = field(default_factory=list)
    include_transactions: bool = True
    resyncs_patients: bool = False


@dataclass
class Wanted:
    """topology.toml in the oracle's words; stores by code."""

    central: str
    primary: str
    sites: list[WantedSite]
    stores: dict[str, WantedStore]
    store_records_on: str = "central"
    centralised_procurement: bool = False
    centralised_payments: bool = False
    prescriptions_follow_patient: bool = False
    repeats_anywhere: bool = False
    holder: int | None = None  # who is primary while that is on its way, 0: nobody (B49)

    def site(self, site_id: int) -> WantedSite:
        return next(site for site in self.sites if site.id == site_id)

    def id_of(self, code: str) -> int:
        return next(site.id for site in self.sites if site.code == code)

    @property
    def central_id(self) -> int:
        return self.id_of(self.central)

    @property
    def primary_id(self) -> int:
        return self.id_of(self.primary) if self.holder is None else self.holder

    @property
    def store_keeper_id(self) -> int:
        return self.primary_id if self.store_records_on == "primary" else self.central_id


class Stores:
    """Where the stores of some store records are: the file's word for the records that it names.

    ``places``: where those are that are on their way, instead; ``moving``: those that are nowhere, because they are.
    ``dispensing``: the sites where patients may be at home, if not those with an active dispensary.
    """

    def __init__(
        self,
        wanted: Wanted,
        records: dict[str, Row],
        bound: dict[str, str] | None = None,
        *,
        places: Mapping[str, int | None] | None = None,
        dispensing: set[int] | None = None,
        moving: Collection[str] = (),
    ) -> None:
        self.wanted = wanted
        self.records = records
        self.placed: dict[str, WantedStore] = {}
        named: set[str] = set()
        known = {store_id: (bound or {}).get(store_id) for store_id in records}
        known = {
            store_id: code for store_id, code in known.items() if code in wanted.stores
        }  # whatever they are called now
        # two records of one code: the bound one is meant, else that of the lowest id
        for store_id in sorted(records, key=lambda one: (one not in known, one)):
            code = known.get(store_id, records[store_id]["code"])
            if code in wanted.stores and code not in named:
                named.add(code)
                self.placed[store_id] = wanted.stores[code]
        sites = {store_id: wanted.id_of(store.active_on) for store_id, store in self.placed.items()}
        own = {**sites, **{one: site for one, site in (places or {}).items() if one in sites}}
        self.active = {store_id: site for store_id, site in own.items() if site is not None}
        self.moving = moving
        self.dispensing = {site for store_id, site in self.active.items() if self.is_dispensary(store_id)}
        self.homes = self.dispensing if dispensing is None else dispensing

    def active_site(self, store_id: str | None) -> int | None:
        """The site where the store is active; None where the file does not say, or there is no record."""
        return self.active.get(store_id) if store_id is not None else None

    def is_dispensary(self, store_id: str) -> bool:
        return bool(self.records[store_id]["mode"] == "dispensary")

    def home_site(self, store_id: str | None) -> int | None:
        """B33: where a patient or prescriber of this home store is edited; None where it waits for a place."""
        if store_id is None:
            return self.wanted.primary_id or None
        active = self.active_site(store_id)
        return active if active is None or active in self.homes else self.wanted.primary_id or None

    def why_nowhere(self, store_id: str) -> str:
        """Why a store is active on no site."""
        return "store_not_placed" if store_id in self.records else "store_unknown"

    def on_central(self, store_id: str) -> str:
        """The type of the store's instance on central (T3)."""
        placed = self.placed.get(store_id)
        if placed is None:
            return "collector"
        return "active" if placed.active_on == self.wanted.central else placed.central_instance or "collector"

    def is_withheld(self, store_id: str | None) -> bool:
        """T6: a store that is a transfer instance on central sends nothing."""
        return store_id is not None and store_id in self.records and self.on_central(store_id) == "transfer"

    def is_quiet(self, store_id: str | None) -> bool:
        """B22: a dispensary that does not include its transactions keeps its stock to itself."""
        if store_id is None or store_id not in self.placed:
            return False
        return self.is_dispensary(store_id) and not self.placed[store_id].include_transactions

    def keeps(self, store_id: str | None, *, is_stock: bool) -> bool:
        """Whether records of the store stay at their site."""
        return self.is_withheld(store_id) or (is_stock and self.is_quiet(store_id))

    def instance(self, site: WantedSite, store_id: str, seen: set[tuple[int, str]]) -> str | None:
        """What the store is on the site; ``seen`` has (site id, store id) of T4's visibility."""
        active = self.active_site(store_id)
        if active == site.id:
            return "active"
        if site.code == self.wanted.central:
            return self.on_central(store_id)
        is_collected = active is not None and site.code in self.placed[store_id].collector_on
        if site.id == self.wanted.primary_id:
            return "collector" if is_collected else "transfer"
        if active is None or (site.id, store_id) not in seen:
            return None
        return "collector" if is_collected else "transfer"

    def seen(self, name_store_joins: dict[str, Row]) -> set[tuple[int, str]]:
        """T4: the store's name is visible in a store that is active on the site."""
        found = set()
        for join in name_store_joins.values():
            viewer = self.active_site(join["store_id"])
            for store_id, store in self.records.items():
                if viewer is not None and store["name_id"] is not None and store["name_id"] == join["name_id"]:
                    found.add((viewer, store_id))
        return found


def toml(wanted: Wanted, urls: dict[int, str]) -> str:
    """The file that says the same; ``urls`` are the databases of the sites."""
    lines = ["[network]", f'central = "{wanted.central}"', f'primary = "{wanted.primary}"', 'time_zone = "UTC"', ""]
    lines += ["[options]", f'store_records_on = "{wanted.store_records_on}"']
    lines += [f"{name} = {str(getattr(wanted, name)).lower()}" for name in OPTIONS]
    lines.append("")
    for site in wanted.sites:
        lines += ["[[site]]", f"id = {site.id}", f'code = "{site.code}"', f'kind = "{site.kind}"']
        lines += [f'database = "{urls[site.id]}"', f"enabled = {str(site.enabled).lower()}"]
        lines += [f"local_procurement = {str(site.local_procurement).lower()}", ""]
    for store in wanted.stores.values():
        lines += ["[[store]]", f'code = "{store.code}"', f'active_on = "{store.active_on}"']
        if store.central_instance:
            lines.append(f'central_instance = "{store.central_instance}"')
        collectors = ", ".join(f'"{code}"' for code in store.collector_on)
        lines += [f"collector_on = [{collectors}]", f"include_transactions = {str(store.include_transactions).lower()}"]
        lines += [f"resync_patients_on_save = {str(store.resyncs_patients).lower()}", ""]
    return "\n".join(lines)
