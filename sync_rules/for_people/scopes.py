"""Why a site has the records of a scope, or why not, in words (O7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync_rules.for_people.network import Network, Person
from sync_rules.table.ownership import SUBJECTS
from sync_rules.topology.moves import under_way
from sync_rules.words import SyncType

PEOPLE_OF: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient",),
    "follow": ("patient",),
    "prescriber": ("prescriber",),
    "named": tuple(SUBJECTS),
}
"""Whom a scope names, by its kind."""


@dataclass(frozen=True)
class Why:
    """Why a scope is a site's (``causes``), or why it is not."""

    causes: tuple[str, ...]
    otherwise: str


def why(scope: str, site_id: int, network: Network) -> Why:
    """Why the records of ``scope`` are at a site, and in case they are not, why not."""
    kind, _, name = scope.partition(":")
    return _SCOPES[kind](name, site_id, network)


def of_what(scope: str, network: Network) -> str:
    """What a scope is, in words."""
    kind, _, name = scope.partition(":")
    words = {
        "everywhere": "what every site has",
        "dispensaries": "what dispensaries need",
        "primary": "what primary has",
        "store_records": "what goes with store records",
        "active": f"what belongs to the site of store {network.code(name)}",
        "instance": f"the record of store {network.code(name)}",
        "site": f"what is {network.site(int(name)) if name.isdigit() else name}'s own",
        "store": f"data of store {network.code(name)}",
        "stock": f"stock and transactions of store {network.code(name)}",
        "patient": f"patient {name}",
        "prescriber": f"prescriber {name}",
        "follow": f"prescriptions for patient {name}",
        "order": f"what was received for order {name}",
        "named": f"records that name {name}",
    }
    return words[kind]


def _either(is_here: bool, cause: str, otherwise: str) -> Why:
    return Why((cause,) if is_here else (), otherwise)


def _dispensaries(_: str, site_id: int, network: Network) -> Why:
    return _either(site_id in network.dispensing, "a dispensary is active here", "no dispensary is active here")


def _primary(_: str, site_id: int, network: Network) -> Why:
    is_primary = site_id == network.topology.primary_id
    return _either(is_primary, "this is the primary site", f"this is not the primary site ({network.topology.primary})")


def _store_records(_: str, site_id: int, network: Network) -> Why:
    keeper = network.topology.store_records_id
    otherwise = f"store records are kept on {network.site(keeper)}, not here"
    return _either(site_id == keeper, "store records are kept here", otherwise)


def _on_its_way(store: str, site_id: int, network: Network) -> tuple[str, ...]:
    """That the site is one of the two between which a store moves."""
    return tuple(
        f"store {network.code(store)} is on its way from {network.site(one.from_site)} to {network.site(one.to_site)}, "
        "and both have what is its until it is there (B47)"
        for one in under_way(network.topology)
        if one.store_id == store and site_id in (one.from_site, one.to_site)
    )


def _active(store: str, site_id: int, network: Network) -> Why:
    code, facts = network.code(store), network.stores.get(store)
    if facts is None:
        return Why((), f"store {code} has no record")
    if facts.active_site != site_id and (way := _on_its_way(store, site_id, network)):
        return Why(way, "")
    is_moving = any(one.store_id == store for one in under_way(network.topology))
    why = "it is on its way (`supplysync moves list`)" if is_moving else "topology.toml does not place it"
    where = f"on {network.site(facts.active_site)}" if facts.active_site else f"nowhere: {why}"
    return _either(facts.active_site == site_id, f"store {code} is active here", f"store {code} is active {where}")


def _instance(store: str, site_id: int, network: Network) -> Why:
    code, kind = network.code(store), network.instances.get((site_id, store))
    if kind is None:
        return Why((), f"store {code} has no instance here: no store that is active here sees it (T4)")
    return Why((f"store {code} has an instance here ({kind})",), "")


def _store(store: str, site_id: int, network: Network, *, is_stock: bool = False) -> Why:
    code, kind, facts = network.code(store), network.instances.get((site_id, store)), network.stores.get(store)
    if kind == str(SyncType.ACTIVE):
        return Why((f"store {code} is active here",), "")
    if way := _on_its_way(store, site_id, network):
        return Why(way, "")
    if kind is None:
        return Why((), f"store {code} has no instance here")
    if kind == str(SyncType.TRANSFER):
        return Why((), f"store {code} is a transfer instance here, which has the store record and transfers only (T5)")
    if site_id == network.topology.central_id:
        return Why((), f"central collects store {code} in the warehouse, not in its own database (B36)")
    if facts and facts.central_type == str(SyncType.TRANSFER):
        return Why((), f"nothing of store {code} leaves its site: it is a transfer instance on central (T6)")
    if is_stock and facts and facts.is_quiet:
        return Why((), f"dispensary {code} keeps its transactions to itself: include_transactions is off (B22)")
    return Why((f"store {code} is collected here",), "")


def _stock(store: str, site_id: int, network: Network) -> Why:
    return _store(store, site_id, network, is_stock=True)


def _of_site(name: str, site_id: int, network: Network) -> Why:
    of_whom = network.site(int(name)) if name.isdigit() else name
    return _either(name == str(site_id), "it is this site's own", f"it is {of_whom}'s own")


def _at_home(person: Person, site_id: int, network: Network) -> tuple[str, ...]:
    if person.home_site != site_id:
        return _on_its_way(person.home_store, site_id, network) if person.home_store else ()
    home = person.home_store
    if home is None:
        return ("this is the home site: primary, since there is no home store (B33)",)
    facts = network.stores.get(home)
    if facts and facts.active_site == site_id and site_id in network.dispensing:
        return (f"this is the home site: home store {network.code(home)} is active here",)
    return (
        f"this is the home site: primary, since the site of home store {network.code(home)} has no dispensary (B33)",
    )


def _not_home(person: Person, network: Network) -> str:
    if person.home_site is None:
        return "there is no home site"
    return f"the home site is {network.site(person.home_site)}"


def _patient(name: str, site_id: int, network: Network) -> Why:
    person = network.people.get(("patient", name), Person())
    seen = [
        f"patient {name} is visible in store {network.code(store)}, {_is_there(network.instances[site_id, store])} here"
        for store in sorted(person.visible_in)
        if (site_id, store) in network.instances and _store(store, site_id, network).causes
    ]
    visible = f"only in {network.codes(person.visible_in)}" if person.visible_in else "in no store"
    otherwise = f"patient {name} is visible {visible}, none active or collected here; {_not_home(person, network)}"
    return Why((*_at_home(person, site_id, network), *seen), otherwise)


def _is_there(kind: str) -> str:
    return "active" if kind == str(SyncType.ACTIVE) else "collected"


def _follow(name: str, site_id: int, network: Network) -> Why:
    if not network.topology.options.prescriptions_follow_patient:
        return Why((), "prescriptions do not follow patients: prescriptions_follow_patient is off")
    return _patient(name, site_id, network)


def _prescriber(name: str, site_id: int, network: Network) -> Why:
    person = network.people.get(("prescriber", name), Person())
    home = _at_home(person, site_id, network)
    works = [
        f"prescriber {name} {what} store {network.code(store)}, {_is_there(network.instances[site_id, store])} here"
        for what, stores in (("is visible in", person.visible_in), ("has prescribed in", person.used_in))
        for store in sorted(stores)
        if _has_prescribers(store, site_id, network)
    ]
    others = "collected here, and no dispensary is active here"
    where = "active or collected here" if site_id in network.dispensing else others
    otherwise = f"prescriber {name} is not visible and has not prescribed in a store {where}"
    return Why((*home, *works), f"{otherwise}; {_not_home(person, network)}")


def _has_prescribers(store: str, site_id: int, network: Network) -> bool:
    """The store is active on a site with a dispensary, or a full copy (T5)."""
    is_active = network.instances.get((site_id, store)) == SyncType.ACTIVE
    is_copied = (site_id, store) in network.instances and bool(_store(store, site_id, network).causes)
    return site_id in network.dispensing if is_active else is_copied


def _order(name: str, site_id: int, network: Network) -> Why:
    if name not in network.centralised_orders:
        return Why((), f"order {name} is not a centralised one")
    is_primary = site_id == network.topology.primary_id
    return _either(is_primary, f"order {name} is centralised and this is primary (B36)", "this is not the primary site")


def _named(name: str, site_id: int, network: Network) -> Why:
    causes = []
    for kind in ("patient", "prescriber"):
        person = network.people.get((kind, name), Person())
        if site_id in person.merged_at:
            causes.append(f"the site had somebody who was merged into {kind} {name}")
        if kind == "patient":
            causes += [
                f"store {network.code(store)}, {_is_there(network.instances[site_id, store])} here, has a prescription "
                f"for patient {name}"
                for store in sorted(person.used_in)
                if (site_id, store) in network.instances and _stock(store, site_id, network).causes
            ]
    return Why(
        tuple(dict.fromkeys(causes)), f"no prescription that names {name} is here, nor was anybody merged into {name}"
    )


_SCOPES: Mapping[str, Callable[[str, int, Network], Why]] = {
    "everywhere": lambda *_: Why(("every site has it",), ""),
    "dispensaries": _dispensaries,
    "primary": _primary,
    "store_records": _store_records,
    "active": _active,
    "instance": _instance,
    "site": _of_site,
    "store": _store,
    "stock": _stock,
    "patient": _patient,
    "prescriber": _prescriber,
    "follow": _follow,
    "order": _order,
    "named": _named,
}
