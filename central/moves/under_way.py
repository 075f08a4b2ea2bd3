"""The project with the moves that are under way laid over its topology: where stores may be edited (precision 23)."""

from __future__ import annotations

from dataclasses import replace

from central.project import Project
from warehouse.connection import Connection
from warehouse.ledger.network.moves import stored_moves


def with_moves(con: Connection, project: Project) -> Project:
    """``project``, with what the ledger knows of moves."""
    moves = tuple(one.move for one in stored_moves(con))
    return replace(project, topology=replace(project.topology, moves=moves))
