"""Explaining a record from the state that the pipeline decides by (O7).

Where it belongs is the join of the record's scopes with the sites' scopes; whether a site may edit it is the verdict
on a hypothetical edit by that site, judged as admission judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from central.admission.judge import decide
from central.explain import history as recounting
from central.explain.history import Entry, HeldBack, MergedInto, Sending
from central.project import Project
from sync_rules import egress
from sync_rules.codes import REASONS
from sync_rules.for_people.network import Network, Person, StoreFacts
from sync_rules.for_people.reasons import reason_words
from sync_rules.for_people.record import Nature, nature
from sync_rules.for_people.scopes import Why, of_what, why
from sync_rules.frame import FrameOf
from sync_rules.scopes import is_quiet
from sync_rules.table.data_types import Condition
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES, rule_of
from sync_rules.topology.frames import Placement, StoreKey
from sync_rules.topology.placement import dispensing_sites, home_sites, placement
from sync_rules.topology.topology import Site
from warehouse.batch.gather import hypothetical
from warehouse.connection import Connection
from warehouse.ledger import history, people
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.merges import merged_records
from warehouse.ledger.sites import contacted_sites
from warehouse.ledger.topology import topology_text
from warehouse.records import replicas
from warehouse.records.facts import held_records

STAYS = "stays"


@dataclass(frozen=True)
class MayEdit:
    """What becomes of an edit of the record at a site: ``verdict`` is admitted, rejected, waiting, or stays where
    the edit is the site's own and is not sent; ``reason`` is its code."""

    verdict: str
    reason: str | None
    rule: str
    words: str


@dataclass(frozen=True)
class Scope:
    """A scope of the record and whether the site has it; ``words`` say why, or why not."""

    scope: str
    is_here: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class AtSite:
    """A record and a site: does it belong there, why. ``left_behind``: it could not be removed (R7). ``kept``: the
    site made it and keeps it, though it never belonged there."""

    site_id: int
    site: str
    is_contacted: bool
    belongs: bool
    scopes: tuple[Scope, ...]
    left_behind: bool
    kept: bool
    may_edit: MayEdit | None

    @property
    def has_it(self) -> bool:
        """Whether the site has the record once everything is delivered."""
        return self.belongs or self.left_behind or self.kept

    @property
    def because(self) -> tuple[str, ...]:
        """Why it belongs there, or why it does not."""
        return tuple(dict.fromkeys(words for one in self.scopes if one.is_here is self.belongs for words in one.words))


@dataclass(frozen=True)
class Whose:
    """Whom a record belongs to and is about, in words; each None where that is nobody."""

    owner: str | None
    owner_active_on: str | None
    about: str | None
    home_site: str | None
    made_by: str | None
    document: str | None


@dataclass(frozen=True)
class Explanation:
    """All there is to say about a record. ``state``: held, deleted, merged_away or unknown."""

    table: str
    record_id: str
    state: str
    nature: Nature
    whose: Whose | None
    sites: tuple[AtSite, ...]
    entries: tuple[Entry, ...]
    sent: tuple[Sending, ...]
    held_back: tuple[HeldBack, ...]
    merged_into: MergedInto | None
    notes: tuple[str, ...]
    as_of: datetime | None


@dataclass(frozen=True)
class _Known:
    """The record as central holds it."""

    owner: str | None
    about: str | None
    part: str | None
    maker: int | None
    document: str | None
    scopes: tuple[str, ...]
    shared: tuple[str, ...]  # those that it has as part of a transfer


def explain(
    con: Connection, project: Project, table: str, record_id: str, sites: Sequence[Site], *, edits: bool = True
) -> Explanation:
    """Explains a record, for ``sites``. ``table`` is one of the declared tables. Without ``edits`` nothing is said of
    who may edit it."""
    found = history.record(con, table, record_id).to_dicts()
    known = _Known(**{**found[0], **{name: tuple(found[0][name]) for name in ("scopes", "shared")}}) if found else None
    entries = recounting.entries(con, project, table, record_id)
    into = recounting.merged_into(con, project, table, record_id)
    state = "held" if known else "merged_away" if into else "deleted" if _is_deleted(entries) else "unknown"
    network = _network(con, project, known)
    chosen = {site.id for site in sites}
    held_back = recounting.held_back(con, project, table, record_id, chosen)
    return Explanation(
        table,
        record_id,
        state,
        nature(table, known.part if known else None),
        _whose(known, table, network) if known else None,
        _at_sites(con, project, table, record_id, known, network, sites, edits) if known else (),
        tuple(one for one in entries if one.for_site_id is None or one.for_site_id in chosen),
        recounting.sent(con, project, table, record_id, sites),
        held_back,
        into,
        tuple(_notes(con, project, table, state, network, is_held_back=bool(held_back))),
        recounting.as_of(con),
    )


def _is_deleted(entries: Sequence[Entry]) -> bool:
    changes = [one for one in entries if one.kind == "change"]
    return bool(changes) and changes[-1].op == "delete"


def _network(con: Connection, project: Project, known: _Known | None) -> Network:
    """The facts that the record's scopes follow from, read as the last cycle read them."""
    placed = placement(project.topology, replicas.stores(con))
    stores = {
        row["store_id"]: StoreFacts(row["store_code"], row["active_site"], row["central_type"], row["is_quiet"])
        for row in placed.with_columns(is_quiet=is_quiet().fill_null(False)).to_dicts()
    }
    instances = {(row[0], row[1]): row[2] for row in history.instances(con).iter_rows()}
    named = {scope.partition(":")[2] for scope in known.scopes} if known else set()
    named |= {known.about} if known and known.about else set()
    subjects = [(subject, name) for subject in SUBJECTS for name in sorted(named)]
    orders = frozenset(name for name in named if history.is_centralised_order(con, name))
    return Network(
        project.topology,
        stores,
        instances,
        frozenset(dispensing_sites(placed)["site_id"].to_list()),
        {key: _person(con, project, placed, *key) for key in subjects},
        orders,
    )


def _person(con: Connection, project: Project, placed: FrameOf[Placement], subject: str, record_id: str) -> Person:
    """A patient or prescriber, as far as scopes follow: rows may name one whom central does not hold any more."""
    held = held_records(con, pl.DataFrame({"table_name": [subject], "record_id": [record_id]}))
    homes = home_sites(project.topology, placed, StoreKey.check(held.select(store_id="owner")))
    seen = people.visible(con, pl.DataFrame({"table_name": [subject], "about": [record_id]}))
    return Person(
        held["owner"].item() if held.height else None,
        homes["site_id"].item() if held.height else None,
        frozenset(seen["store_id"].to_list()),
        frozenset(history.used_in(con, subject, record_id)),
        frozenset(history.merged_at(con, record_id)),
    )


def _whose(known: _Known, table: str, network: Network) -> Whose:
    rule = rule_of(table, known.part)
    structure = rule.table
    kind = RULES[structure.parent].table if structure.parent else structure
    is_site = rule.authority is Authority.TOPOLOGY
    owner = None
    if known.owner and kind.owner:
        owner = f"site {network.site(int(known.owner))}" if is_site else f"store {network.code(known.owner)}"
    facts = network.stores.get(known.owner or "")
    person = network.people.get((structure.subject or "", known.about or ""))
    return Whose(
        owner if structure.subject != table else f"home store {network.code(known.owner)}" if known.owner else None,
        network.site(facts.active_site) if facts and facts.active_site else None,
        _about(kind.subject, kind.about, known.about, network),
        network.site(person.home_site) if person and person.home_site else None,
        network.site(known.maker) if known.maker else None,
        f"{structure.parent} {known.document}" if structure.parent else None,
    )


def _about(subject: str | None, column: str | None, about: str | None, network: Network) -> str | None:
    if about is None or column is None:
        return None
    if column.endswith("store_id"):
        return f"store {network.code(about)}"
    return f"{subject or column.removesuffix('_id')} {about}"


def _at_sites(
    con: Connection,
    project: Project,
    table: str,
    record_id: str,
    known: _Known,
    network: Network,
    sites: Sequence[Site],
    edits: bool,
) -> tuple[AtSite, ...]:
    members = set(history.scopes(con, list(known.scopes)).rows())
    contacted = set(contacted_sites(con))
    left = recounting.left_behind(con, table, record_id)
    makers = set(history.makers_that_keep(con, table, record_id))
    row = history.row(con, table, record_id)
    return tuple(
        AtSite(
            site.id,
            site.code,
            site.id in contacted,
            _belongs(known, site.id, members),
            _scopes(known, site.id, members, network),
            site.id in left,
            site.id in makers and not _belongs(known, site.id, members),
            _may_edit(con, project, table, row, known, site) if edits else None,
        )
        for site in sites
    )


def _belongs(known: _Known, site_id: int, members: set[tuple[int, str]]) -> bool:
    """What has no scope stays where it was made."""
    if not known.scopes:
        return known.maker == site_id
    return any((site_id, scope) in members for scope in known.scopes)


def _scopes(known: _Known, site_id: int, members: set[tuple[int, str]], network: Network) -> tuple[Scope, ...]:
    if not known.scopes:
        is_here = known.maker == site_id
        words = "it was made here and goes to no other site" if is_here else "it goes to no site; the warehouse has it"
        return (Scope("", is_here, (words,)),)
    found = []
    for scope in known.scopes:
        is_here, said = (site_id, scope) in members, why(scope, site_id, network)
        because = _why_here(scope, said, network) if is_here else _why_not(said)
        if scope in known.shared and is_here:
            because = tuple(f"it is part of a transfer, and {one} (X2)" for one in because)
        found.append(Scope(scope, is_here, because))
    return tuple(found)


def _why_here(scope: str, said: Why, network: Network) -> tuple[str, ...]:
    """The causes; where there is none any more, since topology.toml changed after the last cycle, what it is."""
    return said.causes or (f"it is {of_what(scope, network)}, until the next cycle",)


def _why_not(said: Why) -> tuple[str, ...]:
    return (f"not before the next cycle: {'; '.join(said.causes)}",) if said.causes else (said.otherwise,)


def _may_edit(
    con: Connection, project: Project, table: str, row: pl.DataFrame, known: _Known, site: Site
) -> MayEdit | None:
    """The verdict on an edit by the site; where such an edit does not leave the site, that (P3)."""
    if _stays(con, project, table, row, known, site):
        words = "the site's edits of its own copy stay there and are not sent"
        return MayEdit(STAYS, None, "P3", words)
    batch = hypothetical(con, table, row, site.id, project.schema)
    judged = decide(con, batch, project, merged_records(con), differs=True).changes
    reason = str(judged["reason"].item())
    said = reason_words(reason)
    verdict = STAYS if reason in ("kept_at_site", "stays_at_site") else str(REASONS[reason].verdict)
    return MayEdit(verdict, reason, said.rule, said.words)


def _stays(con: Connection, project: Project, table: str, row: pl.DataFrame, known: _Known, site: Site) -> bool:
    placed = placement(project.topology, replicas.stores(con))
    now = egress.withheld(placed)
    rules = egress.leaving(now, now, from_primary=site.id == project.topology.primary_id)
    if table not in rules:
        return True
    rule = rules[table]
    is_other_key = rule.only_keys is not None and row["key"].item() not in rule.only_keys
    is_withheld = rule.owner_column is not None and known.owner in rule.withheld
    is_exempt = rule.exempt_column is not None and known.part == str(Condition.IS_CENTRALISED)
    is_exempt = is_exempt or bool(known.shared)  # halves of transfers leave all the same
    return rule.only_inserts or is_other_key or (is_withheld and not is_exempt)


def _notes(
    con: Connection, project: Project, table: str, state: str, network: Network, *, is_held_back: bool
) -> list[str]:
    notes = []
    if topology_text(con) not in (None, project.topology_text):
        notes.append("topology.toml changed since the last cycle: who may edit is as it says now, where records "
                     "are is as of that cycle")  # fmt: skip
    if state == "unknown" and is_held_back:
        notes.append("central holds no such record: what it was sent of it was not admitted")
    elif state == "unknown":
        notes += _unknown(con, project, table, network)
    return notes


def _unknown(con: Connection, project: Project, table: str, network: Network) -> list[str]:
    """Why central may not hold a record that a site has."""
    if last_cycle(con) == 0:
        return ["no cycle has run yet: central holds nothing"]
    rules = PARTS[table].values()
    if all(rule.authority is Authority.LOCAL for rule in rules):
        return ["data of this kind is local: it never leaves its site, and central does not know it (P3)"]
    said = ["central was never sent such a record"]
    if any(rule.authority is Authority.LOCAL for rule in rules):
        said.append("rows of this table are local unless they are one of the synced ones (P3)")
    now = egress.withheld(placement(project.topology, replicas.stores(con)))
    kept = egress.is_kept_by_owner(table)
    if kept and now.everything:
        said.append(f"nothing but transfers leaves the site of these stores, which are transfer instances on central "
                    f"(T6): {network.codes(now.everything)}")  # fmt: skip
    if kept and now.stock and RULES[table].table.is_stock:
        said.append(f"these dispensaries keep records of this kind to themselves, but for transfers: "
                    f"include_transactions is off (B22): {network.codes(now.stock)}")  # fmt: skip
    never = [site.code for site in project.topology.sites if site.id not in set(contacted_sites(con))]
    if never:
        said.append(f"these sites were never pulled: {', '.join(never)}")
    return said
