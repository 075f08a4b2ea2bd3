"""A store's move, carried on by each cycle: from the old site, which hands it over, to the new one (B29, B47).

The old site hands the store over in the transaction in which it is told so, and only while nothing of it is unsent
there. Once it says that it has, the new site is sent everything; once that says that it has it, it is told that the
store is active there; once it says that it knows, the old site loses what it no longer is to have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from central.cycle_file import Cycle
from central.moves.under_way import stores_to_leave, with_moves
from central.project import Project
from sync_rules.topology.file import parse_applied
from sync_rules.topology.moves import under_way
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Topology
from sync_rules.transfers.kinds import HEADERS, NO_NUMBER
from sync_rules.words import CENTRAL_DATA, DecisionKind, EntryKind, Move, MoveState
from warehouse.connection import Connection
from warehouse.ledger.cycles import WentBy
from warehouse.ledger.network import moves
from warehouse.ledger.network.moves import StoredMove
from warehouse.ledger.sites import contacted_sites
from warehouse.records import replicas
from warehouse.records.door import Records
from warehouse.records.numbers import without_number


def begin_moves(records: Records, project: Project, cycle: Cycle, last: WentBy | None) -> Project:
    """Begins what the cycle's topology asks for that the last one's did not: stores that move, go elsewhere than they
    were going, or stay after all. Returns the project with all moves laid over it, as it came."""
    if last is None or last.topology == cycle.topology:
        return project
    con = records.con
    for store_id, was, now in stores_that_move(con, parse_applied(last.topology), project.topology):
        _begin(records, cycle, Move(store_id, was, now, MoveState.WANTED))
    return with_moves(con, project)


def stores_that_move(con: Connection, before: Topology, after: Topology) -> Iterator[tuple[str, int, int]]:
    """Recorded stores, and where they were and are to be active; and central data, where primary is to be another site
    (B49)."""
    stores = replicas.stores(con)
    was, now = (
        dict(placement(replace(one, moves=()), stores).select("store_id", "active_site").iter_rows())
        for one in (before, after)
    )
    for store_id in sorted(was.keys() & now.keys()):
        if was[store_id] is not None and now[store_id] is not None and was[store_id] != now[store_id]:
            yield store_id, was[store_id], now[store_id]
    primary = [replace(one, moves=()).primary_id for one in (before, after)]
    if primary[0] != primary[1]:
        yield CENTRAL_DATA, primary[0], primary[1]


def _begin(records: Records, cycle: Cycle, asked: Move) -> None:
    """``asked.from_site`` is where the last topology had the store: where it was going, if it is on its way."""
    con = records.con
    ongoing = next((one for one in moves.open_moves(con) if one.move.store_id == asked.store_id), None)
    if ongoing is None:
        if asked.from_site in contacted_sites(con):
            state = MoveState.FILLING if asked.from_site in cycle.forced else MoveState.WANTED
            _enter(con, cycle, Move(asked.store_id, asked.from_site, asked.to_site, state))
    elif ongoing.move.state.is_before_cut and asked.to_site == ongoing.move.from_site:
        moves.enter_state(con, ongoing.number, MoveState.CANCELLED, cycle=cycle.number, at=cycle.now)
        _number_at(records, asked.store_id, asked.to_site)
        moves.release_removals(con, [ongoing.move.to_site])
    elif ongoing.move.state is MoveState.ACTIVATING:  # the new site may know already: it is left like a lost one
        moves.enter_state(con, ongoing.number, MoveState.DONE, cycle=cycle.number, at=cycle.now)
        moves.release_removals(con, [ongoing.move.from_site, ongoing.move.to_site])
        _enter(con, cycle, Move(asked.store_id, ongoing.move.to_site, asked.to_site, MoveState.FILLING))
    else:
        moves.redirect(con, ongoing.number, asked.to_site)
        moves.release_removals(con, [ongoing.move.to_site])


def _enter(con: Connection, cycle: Cycle, move: Move) -> None:
    is_forced = move.state is not MoveState.WANTED
    moves.enter_move(con, move, is_forced=is_forced, by=cycle.asked_by, cycle=cycle.number, at=cycle.now)


def arrived(con: Connection, project: Project, cycle: Cycle) -> Project:
    """Lets every store that is on its way be where it goes to: for who asks what comes of it (B46)."""
    for one in moves.open_moves(con):
        _turn(con, cycle, one, MoveState.DONE)
    return with_moves(con, project)


def carry_on(records: Records, project: Project, cycle: Cycle) -> Project:
    """Takes each move a step on, where sites said what it waits for, or an operator decided so. Returns the project
    with the moves as they are then. Part of admission: the answers of sites are known, and nothing is judged yet."""
    con = records.con
    if not under_way(project.topology):
        return project
    _decide(con, cycle)
    for one in moves.open_moves(con):
        _carry_on(records, project, cycle, one)
    return with_moves(con, project)


def _decide(con: Connection, cycle: Cycle) -> None:
    for one in cycle.decisions:
        if one.kind == DecisionKind.GO_ON:
            moves.accept(con, int(one.record_id or 0))
        elif one.kind == DecisionKind.HAND_OVER:
            moves.hand_over(con, int(one.record_id or 0))


def _carry_on(records: Records, project: Project, cycle: Cycle, one: StoredMove) -> None:
    con, move = records.con, one.move
    if (move.state.is_before_cut and one.is_forced) or (
        move.state is MoveState.CUT and moves.is_told(con, move.from_site, move.store_id)
    ):
        _turn(con, cycle, one, MoveState.FILLING)
    elif move.state is MoveState.FILLING and _is_filled(con, project, one):
        _turn(con, cycle, one, MoveState.ACTIVATING)
        _number_at(records, move.store_id, move.to_site)
    elif move.state is MoveState.ACTIVATING and moves.is_told(con, move.to_site, move.store_id):
        _turn(con, cycle, one, MoveState.DONE)
        moves.release_removals(con, [move.from_site])


def _number_at(records: Records, store_id: str, site_id: int) -> None:
    """What came without a number meanwhile gets it where the store is active (precision 9)."""
    bare = without_number(records.con, store_id, HEADERS, NO_NUMBER)
    records.address(EntryKind.RESEND, bare.with_columns(pl.lit(site_id, pl.Int64).alias("site_id")))


def _turn(con: Connection, cycle: Cycle, one: StoredMove, state: MoveState) -> None:
    moves.enter_state(con, one.number, state, cycle=cycle.number, at=cycle.now)


def _is_filled(con: Connection, project: Project, one: StoredMove) -> bool:
    """Whether the new site has all of the store, and may have one more active store (T2, precisions 11, 22)."""
    move = one.move
    if not moves.is_reached(con, move.to_site, one.filled_seq):
        return False
    if not one.is_accepted and moves.not_taken(con, move.to_site, move.store_id).height:
        return False
    return not stores_to_leave(con, with_moves(con, project).topology, move)


def cut_wanted(records: Records, project: Project, cycle: Cycle) -> Project:
    """Has old sites told to hand their store over, if they were pulled in this cycle, the new site was ever reached,
    and nothing of the store waits. Part of admission, once everything is judged."""
    if not under_way(project.topology):
        return project
    con = records.con
    pulled, contacted = {one.site_id for one in cycle.pulled}, set(contacted_sites(con))
    for one in moves.open_moves(con):
        move = one.move
        is_ready = move.from_site in pulled and move.to_site in contacted
        if move.state is not MoveState.WANTED or not is_ready:
            continue
        if one.is_accepted or moves.waiting_of(con, move.from_site, move.store_id).is_empty():
            _turn(con, cycle, one, MoveState.CUT)
    return with_moves(con, project)
