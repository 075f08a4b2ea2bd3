"""Stores on their way from one site to another, laid over the topology that asks for it (B29, B47)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.topology.frames import Instance, Placement, StoreAtSite
from sync_rules.topology.topology import Topology
from sync_rules.words import Move, MoveState, SyncType

_HANDED_OVER = (MoveState.FILLING, MoveState.ACTIVATING, MoveState.DONE)


def under_way(topology: Topology) -> list[Move]:
    """The moves that are not over."""
    return [move for move in topology.moves if not move.state.is_over]


def stores_under_way(topology: Topology) -> list[Move]:
    """Those of stores."""
    return [move for move in under_way(topology) if move.is_of_store]


def where_active(topology: Topology, placed: FrameOf[Placement]) -> FrameOf[Placement]:
    """``placed``, with stores on their way where their authority is: at the old site until that hands it over, then
    nowhere, then at the new one."""
    return _placed_at(placed, {move.store_id: move.editor for move in stores_under_way(topology)})


def as_before(topology: Topology, placed: FrameOf[Placement]) -> FrameOf[Placement]:
    """``placed`` as if no store were under way: each is where it was."""
    return _placed_at(placed, {move.store_id: move.from_site for move in stores_under_way(topology)})


def as_after(topology: Topology, placed: FrameOf[Placement]) -> FrameOf[Placement]:
    """``placed`` as if every store that is under way had arrived."""
    return _placed_at(placed, {move.store_id: move.to_site for move in stores_under_way(topology)})


def as_held(topology: Topology, placed: FrameOf[Placement]) -> list[tuple[Topology, FrameOf[Placement]]]:
    """The networks by which sites have records now: what a store on its way has at the old site stays there, and the
    new one is sent it from the start, so that the store is active nowhere only until the last of it came (B47). So with
    what primary has, while another site becomes primary (B49)."""
    if not under_way(topology):
        return [(topology, placed)]
    codes = {site.id: site.code for site in topology.sites}
    ends = [(move.from_site, move.to_site) for move in under_way(topology) if not move.is_of_store]
    before, after = ends[0] if ends else (topology.primary_id, topology.primary_id)
    was, will_be = (replace(topology, primary=codes.get(site, topology.primary), moves=()) for site in (before, after))
    return [(was, as_before(topology, placed)), (will_be, as_after(topology, placed))]


def as_handed_over(topology: Topology, placed: FrameOf[Placement]) -> FrameOf[Placement]:
    """``placed`` as if every store that was handed over had arrived, and no other one moved."""
    sites = {
        move.store_id: move.to_site if move.state in _HANDED_OVER else move.from_site
        for move in stores_under_way(topology)
    }
    return _placed_at(placed, sites)


def instances_told(topology: Topology, found: Sequence[FrameOf[Instance]]) -> FrameOf[Instance]:
    """Which site has which store, as what, as sites are told it: by the placements ``found``, the last of which counts
    first; a store on its way is active nowhere but where it may be edited."""
    told = {
        MoveState.WANTED: (SyncType.ACTIVE, SyncType.COLLECTOR),
        MoveState.CUT: (SyncType.COLLECTOR, SyncType.COLLECTOR),
        MoveState.FILLING: (SyncType.COLLECTOR, SyncType.COLLECTOR),
        MoveState.ACTIVATING: (SyncType.COLLECTOR, SyncType.ACTIVE),
    }
    rows = [
        (site_id, move.store_id, str(sync_type))
        for move in stores_under_way(topology)
        for site_id, sync_type in zip((move.from_site, move.to_site), told[move.state], strict=True)
    ]
    every = pl.concat([Instance.of(rows), *reversed(found)])
    first = every.unique(["site_id", "store_id"], keep="first", maintain_order=True)
    return Instance.take(first.sort("site_id", "store_id"))


def left_behind(topology: Topology) -> FrameOf[StoreAtSite]:
    """The stores that sites handed over, and which did not come back: what such a site changes of one, it changes no
    more by right (`moved_away`)."""
    handed = [(move.store_id, move.from_site) for move in topology.moves if move.state in _HANDED_OVER]
    return StoreAtSite.of(sorted(set(handed)))


def nowhere(topology: Topology) -> list[str]:
    """The stores that are active nowhere, because they are on their way."""
    return sorted(move.store_id for move in stores_under_way(topology) if move.state is MoveState.FILLING)


def told_primary(topology: Topology) -> dict[int, bool]:
    """What sites that are primary, were it or are to be, are told of that; none where primary never changed (B49)."""
    moves = [move for move in topology.moves if not move.is_of_store]
    if not moves:
        return {}
    last = moves[-1]
    told = {site: False for move in moves for site in (move.from_site, move.to_site)}
    primary = {MoveState.CUT: 0, MoveState.FILLING: 0}.get(last.state, topology.primary_id)
    return {site: site == primary for site in sorted({*told, primary} - {0})}


def _placed_at(placed: FrameOf[Placement], sites: Mapping[str, int | None]) -> FrameOf[Placement]:
    if not sites:
        return placed
    moved = StoreAtSite.of(sites.items()).with_columns(is_moved=pl.lit(value=True))
    joined = placed.join(moved, on="store_id", how="left", maintain_order="left")
    site = pl.when(pl.col("is_moved").fill_null(value=False)).then("site_id").otherwise("active_site")
    return Placement.take(joined.with_columns(active_site=site))
