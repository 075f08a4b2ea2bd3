"""The project with the moves that are under way laid over its topology: where stores may be edited (precision 23)."""

from __future__ import annotations

from dataclasses import replace

from central.project import Project
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Topology
from sync_rules.words import Move, SiteKind
from warehouse.connection import Connection
from warehouse.ledger.network.moves import all_moves
from warehouse.records import replicas


def with_moves(con: Connection, project: Project) -> Project:
    """``project``, with what the ledger knows of moves."""
    return replace(project, topology=replace(project.topology, moves=all_moves(con)))


def stores_to_leave(con: Connection, topology: Topology, move: Move) -> list[str]:
    """The codes of the stores that are active at the new site of a store's move, where that is mobile and may have one
    (T2)."""
    if not move.is_of_store:
        return []
    site = next((one for one in topology.sites if one.id == move.to_site), None)
    if site is None or site.kind is not SiteKind.MOBILE:
        return []
    placed = placement(topology, replicas.stores(con))
    return placed.filter(placed["active_site"] == site.id)["store_code"].to_list()
