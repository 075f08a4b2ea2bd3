"""How far a store is on its way, and whom or what that waits for (B47)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.moves.under_way import stores_to_leave
from central.pauses import with_pauses
from central.project import Project
from sync_rules.topology.placement import stores_by_code
from sync_rules.words import MoveState
from warehouse.connection import Connection
from warehouse.ledger.network import moves
from warehouse.ledger.network.moves import StoredMove
from warehouse.ledger.sites import contacted_sites
from warehouse.records import replicas


@dataclass(frozen=True)
class MoveExplanation:
    """A move as people are told of it: codes of the store and the sites (the id where there is no code any more), what
    it ``waits_for`` in words, and the records that keep it where it is, each with ``why``: an operator may let it go on
    without these."""

    number: int
    store: str
    before: str
    after: str
    state: MoveState
    since: datetime
    is_forced: bool
    asked_by: str
    waits_for: str | None
    kept_by: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]


def ways(con: Connection, project: Project, *, is_open: bool = False) -> list[MoveExplanation]:
    """All moves, or those that are under way (``is_open``), the last first; sites that are paused count as that, by
    whatever."""
    project = with_pauses(con, project)
    codes = {store_id: code for code, store_id in stores_by_code(project.topology, replicas.stores(con)).items()}
    sites = {site.id: site.code for site in project.topology.sites}
    known = moves.open_moves(con) if is_open else moves.stored_moves(con)
    return [_way(con, project, one, codes, sites) for one in reversed(known)]


def _way(
    con: Connection, project: Project, one: StoredMove, stores: Mapping[str, str], sites: Mapping[int, str]
) -> MoveExplanation:
    move, steps = one.move, moves.steps(con, one.number).to_dicts()
    before, after = (sites.get(site, str(site)) for site in (move.from_site, move.to_site))
    kept = [] if one.is_accepted else _kept(con, one)
    return MoveExplanation(
        one.number,
        stores.get(move.store_id, move.store_id),
        before,
        after,
        move.state,
        steps[-1]["entered_at"],
        one.is_forced,
        one.asked_by,
        _waits_for(con, project, one, before, after, len(kept)),
        kept,
        steps,
    )


def _kept(con: Connection, one: StoredMove) -> list[dict[str, Any]]:
    """The records that keep a move where it is."""
    move = one.move
    if move.state is MoveState.WANTED:
        found = moves.waiting_of(con, move.from_site, move.store_id)
        return [{**row, "why": row["reason"]} for row in found.select("table_name", "record_id", "reason").to_dicts()]
    if move.state is MoveState.FILLING and moves.is_reached(con, move.to_site, one.filled_seq):
        return moves.not_taken(con, move.to_site, move.store_id).to_dicts()
    return []


def _waits_for(con: Connection, project: Project, one: StoredMove, before: str, after: str, kept: int) -> str | None:
    move, paused = one.move, {site.id: site.code for site in project.topology.sites if not site.is_enabled}
    asked = move.from_site if move.state.is_before_cut else move.to_site
    if move.state.is_over:
        return None
    if kept:
        many, them = ("", "it") if kept == 1 else ("s", "them")
        wait = "" if many else "s"
        is_wanted = move.state is MoveState.WANTED
        what = f"change{many} of it that wait{wait}" if is_wanted else f"record{many} that `{after}` did not take"
        return f"{kept} {what}: mend {them}, or `supplysync moves go-on {one.number} --reason WHY`"
    if asked in paused:
        return f"`{paused[asked]}`, which is paused: `supplysync resume {paused[asked]}`"
    if move.state is MoveState.WANTED:
        is_known = move.to_site in contacted_sites(con)
        return f"the next pull of `{before}`" if is_known else f"the first pull of `{after}`"
    if move.state is MoveState.CUT and moves.is_told(con, move.from_site, move.store_id):
        return "the next cycle: it was handed over"
    if move.state is MoveState.CUT:
        return f"`{before}` to hand it over: what people do there is pulled first"
    if move.state is MoveState.FILLING:
        if not moves.is_reached(con, move.to_site, one.filled_seq):
            return f"`{after}` to have all of it"
        others = stores_to_leave(con, project.topology, move)
        full = f"store `{others[0]}` to leave `{after}`, which is mobile and has one active store" if others else None
        return full or f"the next cycle: `{after}` has all of it"
    if moves.is_told(con, move.to_site, move.store_id):
        return f"the next cycle: it is active on `{after}`"
    return f"`{after}` to say that it knows"
