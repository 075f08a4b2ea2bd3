"""What an operator does about stores on their way: calls moves off, sends a store elsewhere, lets one go on (B47).

Each reads how far the moves are while it has the project's turn, so that none acts on what was true a moment ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from central import decisions
from central.cycle.catch_up import catch_up
from central.cycle.stages import Asked
from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from central.plan.answers import is_answering
from central.plan.apply import ApplyRefused, begin
from central.project import Project, chosen_sites
from sync_rules.topology.file import parse_applied
from sync_rules.topology.mistakes import mistakes
from sync_rules.topology.text import to_toml
from sync_rules.topology.topology import Store, Topology
from sync_rules.words import CENTRAL_DATA, DecisionKind, MoveState, SyncType
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.network.versions import versions


class NoSuchMove(ValueError):
    """No move has this number."""


def chosen_move(known: Sequence[MoveExplanation], number: int) -> MoveExplanation:
    """The move of a number. Raises NoSuchMove."""
    for one in known:
        if one.number == number:
            return one
    allowed = ", ".join(str(one.number) for one in reversed(known)) or "none"
    raise NoSuchMove(f"there is no move {number}; there are: {allowed}")


def cancel_moves(asked: Asked, numbers: Sequence[int], reason: str | None = None) -> list[MoveExplanation]:
    """Begins a cycle that leaves the stores of moves where they are; returns the moves as they were. ``reason`` is kept
    with the version of the topology.

    Raises NoSuchMove; ApplyRefused where one was handed over, or a site would have more stores than it may.
    """
    with open_warehouse(asked.project.warehouse, asked.project.schema) as con:
        known = _ways(con, asked.project)
        chosen = [chosen_move(known, number) for number in sorted(set(numbers))]
        for one in chosen:
            if not one.state.is_before_cut:
                raise ApplyRefused(f"move {one.number} is {one.state}: {_what_then(one)}")
        after = asked.project.topology
        for one in chosen:
            after = _as_it_was(con, after, one)
        _apply(con, asked, known, chosen, after, {str(one.number): "cancelled" for one in chosen}, reason)
    return chosen


def redirect_move(asked: Asked, number: int, to: str, reason: str | None = None, *, is_forced: bool) -> MoveExplanation:
    """Begins a cycle that sends the store of a move to another site, and keeps why; returns the move as it was.

    Raises NoSuchMove; ProjectError for a site that is not there; ApplyRefused where the store was not handed over yet,
    arrived, is about to be edited at a site that is not lost (``is_forced`` says that it is), or has no room there.
    """
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        known = _ways(con, project)
        one = chosen_move(known, number)
        [site] = chosen_sites(project, (to,))
        _require_handed_over(one)
        if site.code == one.after:
            raise ApplyRefused(f"move {number} goes to `{to}` already")
        if one.state is MoveState.ACTIVATING:
            _require_lost(project, one, is_forced=is_forced)
        after = _sent_to(project.topology, one.store, site.code)
        _apply(con, asked, known, [one], after, {str(number): f"redirected to {to}"}, reason)
    return one


def let_go_on(asked: Asked, number: int, reason: str, *, is_forced: bool) -> None:
    """Keeps the decision that a move goes on without the records that keep it, or without its old site (``is_forced``).

    Raises NoSuchMove; ApplyRefused where nothing keeps it, or its site is not lost.
    """
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        one = chosen_move(_ways(con, project), number)
    if is_forced and not one.state.is_before_cut:
        raise ApplyRefused(f"move {number} is {one.state}: {_what_then(one)}")
    if is_forced and _answers(project, one.before):
        raise ApplyRefused(f"site `{one.before}` answers, and hands store `{one.store}` over itself: leave out --force")
    if not is_forced and not one.kept_by:
        raise ApplyRefused(f"no record keeps move {number}: {_what_then(one)}")
    kind = DecisionKind.HAND_OVER if is_forced else DecisionKind.GO_ON
    decisions.write_decision(
        project.pulls, kind, one.before, reason=reason, now=asked.now, decided_by=asked.by, record_id=str(number)
    )


def _ways(con: Connection, project: Project) -> list[MoveExplanation]:
    catch_up(con, project)
    return ways(con, with_moves(con, project))


def _what_then(one: MoveExplanation) -> str:
    if one.state.is_over:
        return "write where the store is to be in topology.toml, and `supplysync apply`"
    if one.state.is_before_cut:
        return f"it waits for {one.waits_for}"
    if one.state is MoveState.ACTIVATING:
        return (
            f"let it be done, and move it on by topology.toml; where `{one.after}` is lost, `supplysync moves redirect "
            f"{one.number} --to SITE --force` sends it elsewhere"
        )
    return f"it was handed over; `supplysync moves redirect {one.number} --to SITE` sends it elsewhere"


def _answers(project: Project, code: str) -> bool:
    return any(is_answering(project, site) for site in project.topology.sites if site.code == code)


def _require_handed_over(one: MoveExplanation) -> None:
    if one.state.is_before_cut:
        raise ApplyRefused(
            f"move {one.number} is {one.state}: call it off with `supplysync moves cancel {one.number}`"
        )  # fmt: skip
    if one.state.is_over:
        raise ApplyRefused(f"move {one.number} is {one.state}: {_what_then(one)}")


def _require_lost(project: Project, one: MoveExplanation, *, is_forced: bool) -> None:
    """A store that is being activated may be worked in already."""
    if not is_forced:
        raise ApplyRefused(
            f"move {one.number} is {one.state}: people may work in store `{one.store}` on `{one.after}` already; let "
            f"it be done, and move it on by topology.toml; or say --force, where `{one.after}` is lost"
        )
    if _answers(project, one.after):
        raise ApplyRefused(f"site `{one.after}` answers: let move {one.number} be done, and move the store on from it")


def _as_it_was(con: Connection, topology: Topology, one: MoveExplanation) -> Topology:
    """``topology``, with what moves where it was; a store as the version before the move had it: its instances too, but
    for sites that are gone."""
    if one.store == CENTRAL_DATA:
        return _sent_to(topology, one.store, one.before)
    begun, codes = one.steps[0]["cycle"], {site.code for site in topology.sites}
    store = _store(topology, one.store)
    for version in versions(con):
        if version.cycle < begun:
            was = next((found for found in parse_applied(version.toml).stores if found.code == one.store), store)
            collectors = tuple(code for code in was.collector_on if code in codes)
            back = replace(store, active_on=one.before, central_instance=was.central_instance, collector_on=collectors)
            return _with_store(topology, back)
    return _sent_to(topology, one.store, one.before)


def _sent_to(topology: Topology, code: str, site: str) -> Topology:
    """``topology``, with a store active on another site, which then keeps no collector of it, and central having it
    whole (T3, T4); or with another site as primary."""
    if code == CENTRAL_DATA:
        return replace(topology, primary=site)
    store = _store(topology, code)
    is_centrals = site == topology.central or store.central_instance is SyncType.ACTIVE
    instance = None if is_centrals else store.central_instance
    collectors = tuple(kept for kept in store.collector_on if kept != site)
    return _with_store(
        topology, replace(store, active_on=site, central_instance=instance, collector_on=collectors)
    )  # fmt: skip


def _store(topology: Topology, code: str) -> Store:
    return next(one for one in topology.stores if one.code == code)


def _with_store(topology: Topology, store: Store) -> Topology:
    return replace(topology, stores=tuple(store if one.code == store.code else one for one in topology.stores))


def _apply(
    con: Connection,
    asked: Asked,
    known: Sequence[MoveExplanation],
    chosen: Sequence[MoveExplanation],
    after: Topology,
    what: Mapping[str, str],
    reason: str | None,
) -> None:
    """Applies ``after``, if it is a network."""
    before = asked.project.topology
    if broken := [one for one in mistakes(after) if one not in mistakes(before)]:
        moves = " and ".join(str(one.number) for one in chosen)
        raise ApplyRefused(f"move {moves}: {broken[0].message}; {_way_out(after, known, chosen)}")
    begin(con, asked, to_toml(after), {"moves": what, **({"reason": reason} if reason else {})})


def _way_out(after: Topology, known: Sequence[MoveExplanation], chosen: Sequence[MoveExplanation]) -> str:
    """What makes room where a store is to be: what is there, or on its way there, goes elsewhere."""
    own = {one.store for one in chosen}
    places = {one.active_on for one in after.stores if one.code in own}
    there = sorted(one.code for one in after.stores if one.active_on in places and one.code not in own)
    ongoing = [one for one in known if one.store in there and not one.state.is_over]
    if ongoing and all(one.state.is_before_cut for one in (*ongoing, *chosen)):
        together = " ".join(str(number) for number in sorted(one.number for one in (*ongoing, *chosen)))
        return f"call them off together: `supplysync moves cancel {together}`"
    if ongoing:
        one = ongoing[0]
        return f"send store `{one.store}` elsewhere first: `supplysync moves redirect {one.number} --to SITE`"
    listed = ", ".join(f"`{code}`" for code in there)
    return f"name another site, or move {listed} away from there first: `supplysync apply`"
