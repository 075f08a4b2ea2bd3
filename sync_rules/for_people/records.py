"""The decisions in words (O7): what a record is, why a site has it or does not, what a reason code means.

Words only. Whether a site has a record is the join of scopes, whether it may edit it is `authority`'s verdict;
here is said why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sync_rules.codes import REASONS
from sync_rules.for_people.data_types import CONDITIONS, SCOPES
from sync_rules.table.data_types import BESIDES, DATA_TYPES
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES, TableRule, rule_of
from sync_rules.topology.topology import Topology
from sync_rules.words import SyncType


@dataclass(frozen=True)
class Nature:
    """What a record is: the line of the field's table that it falls under, its policy and structure."""

    number: int | None
    data_type: str
    policy: str
    condition: str
    may_edit: str
    receives: tuple[str, ...]
    structure: str


def nature(table: str, part: str | None) -> Nature:
    """What the records of a table's part are; without ``part``, those that meet no condition."""
    rule = rule_of(table, part)
    names = {one.number: one.name for one in DATA_TYPES}
    return Nature(
        rule.number,
        names[rule.number] if rule.number else _beside(table),
        rule.policy.name,
        CONDITIONS[rule.condition],
        str(rule.authority),
        _receives(rule),
        _structure(table),
    )


def _receives(rule: TableRule) -> tuple[str, ...]:
    if rule.authority is Authority.LOCAL:
        return ("nobody: it stays where it was made",)
    return (*(SCOPES[scope] for scope in rule.audience), "the warehouse")


def _beside(table: str) -> str:
    [policy] = {one.policy for one in BESIDES if table in one.tables}
    is_topologys = policy.authority is Authority.TOPOLOGY
    return "what topology.toml decides" if is_topologys else "counters of document numbers"


def _structure(table: str) -> str:
    rule = RULES[table].table
    said = []
    if rule.parent:
        said.append(f"a line of the `{rule.parent}` that `{rule.parent_column}` names; whose that is, it is (R1)")
    elif rule.owner:
        whose = "its home store" if rule.subject == table else "whose it is"
        said.append(f"`{rule.owner}` says {whose}")
    if rule.about and rule.about != "id":
        said.append(f"`{rule.about}` says what or whom it is about")
    if rule.merges:
        said.append(f"it merges `merged_id` into `kept_id` of `{rule.merges}`")
    return "; ".join(said)


@dataclass(frozen=True)
class ReasonWords:
    """A reason code in words. ``verdict`` and ``rule`` are blank for a code of another version."""

    code: str
    verdict: str
    rule: str
    words: str


def reason_words(code: str) -> ReasonWords:
    """What a reason code means; one that this version does not have says so."""
    reason = REASONS.get(code)
    if reason is None:
        return ReasonWords(code, "", "", "a reason that another version gave; this one does not have it")
    return ReasonWords(code, str(reason.verdict), reason.rule, reason.explanation)


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


def _active(store: str, site_id: int, network: Network) -> Why:
    code, facts = network.code(store), network.stores.get(store)
    if facts is None:
        return Why((), f"store {code} has no record")
    where = f"on {network.site(facts.active_site)}" if facts.active_site else "nowhere: topology.toml does not place it"
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
        return ()
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
    here = {store for (site, store), kind in network.instances.items() if (site, kind) == (site_id, SyncType.ACTIVE)}
    works = [
        f"prescriber {name} {what} store {network.code(store)}, active here"
        for what, stores in (("is visible in", person.visible_in), ("has prescribed in", person.used_in))
        for store in sorted(stores & here)
    ]
    if site_id not in network.dispensing:
        return Why(home, f"no dispensary is active here; {_not_home(person, network)}")
    otherwise = f"prescriber {name} is not visible and has not prescribed in a store active here"
    return Why((*home, *works), f"{otherwise}; {_not_home(person, network)}")


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
