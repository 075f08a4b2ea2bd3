"""Explaining a record from the state that the pipeline decides by (O7).

Where it belongs is the join of the record's scopes with the sites' scopes; whether a site may edit it is the verdict
on a hypothetical edit by that site, judged as admission judges.
"""

from __future__ import annotations

from collections.abc import Sequence

from central.explain import history as recounting
from central.explain.edits import may_edit
from central.explain.explanation import AtSite, Explanation, KnownRecord, Scope, Whose
from central.explain.history import HistoryEntry
from central.explain.network import network_of
from central.explain.notes import notes_on
from central.moves.under_way import with_moves
from central.project import Project
from sync_rules.for_people.network import Network
from sync_rules.for_people.record import nature
from sync_rules.for_people.scopes import Why, of_what, why
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES, rule_of
from sync_rules.topology.topology import Site
from sync_rules.words import EntryKind, Verdict
from warehouse.connection import Connection
from warehouse.ledger import history
from warehouse.ledger.sites import contacted_sites


def explain(
    con: Connection, project: Project, table: str, record_id: str, sites: Sequence[Site], *, edits: bool = True
) -> Explanation:
    """Explains a record, for ``sites``. ``table`` is one of the declared tables. Without ``edits`` nothing is said of
    who may edit it."""
    project = with_moves(con, project)
    known = _known(con, table, record_id)
    entries = recounting.entries(con, project, table, record_id)
    into = recounting.merged_into(con, project, table, record_id)
    state = "held" if known else "merged_away" if into else _gone(entries)
    network = network_of(con, project, table, known)
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
        tuple(notes_on(con, project, table, state, network, is_held_back=bool(held_back))),
        recounting.as_of(con),
    )


def editors(con: Connection, project: Project, table: str, record_id: str) -> tuple[str, ...] | None:
    """The codes of the sites that may edit a record as it is now: of its maker, primary, and the sites of its owner
    and its home, those whose edit would be admitted. None where central does not hold it."""
    project = with_moves(con, project)
    known = _known(con, table, record_id)
    if known is None:
        return None
    whose = _whose(known, table, network_of(con, project, table, known))
    theirs = (whose.owner_active_on, whose.home_site, whose.made_by)
    sites = [one for one in project.topology.sites if one.code in theirs or one.id == project.topology.primary_id]
    row = history.row(con, table, record_id)
    asked = {site.code: may_edit(con, project, table, row, known, site) for site in sites}
    return tuple(code for code, edit in asked.items() if edit and edit.verdict == Verdict.ADMITTED)


def _known(con: Connection, table: str, record_id: str) -> KnownRecord | None:
    found = history.record_facts(con, table, record_id).to_dicts()
    lists = {name: tuple(found[0][name]) for name in ("scopes", "shared")} if found else {}
    return KnownRecord(**{**found[0], **lists}) if found else None


def _gone(entries: Sequence[HistoryEntry]) -> str:
    """Why central does not hold a record, by its last entry."""
    ended = [one.kind for one in entries if one.kind in (EntryKind.CHANGE, EntryKind.RESCOPE) and one.op == "delete"]
    return {EntryKind.CHANGE: "deleted", EntryKind.RESCOPE: "withdrawn"}[EntryKind(ended[-1])] if ended else "unknown"


def _whose(known: KnownRecord, table: str, network: Network) -> Whose:
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
    known: KnownRecord,
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
            may_edit(con, project, table, row, known, site) if edits else None,
        )
        for site in sites
    )


def _belongs(known: KnownRecord, site_id: int, members: set[tuple[int, str]]) -> bool:
    """What has no scope stays where it was made."""
    if not known.scopes:
        return known.maker == site_id
    return any((site_id, scope) in members for scope in known.scopes)


def _scopes(known: KnownRecord, site_id: int, members: set[tuple[int, str]], network: Network) -> tuple[Scope, ...]:
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
