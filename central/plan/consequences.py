"""What would go to sites, and from them, if the network were as topology.toml wants it: worked out by the functions
that do it, in a transaction that is rolled back (B46)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import polars as pl

from central.cycle.admit import enter
from central.cycle.route import routed
from central.cycle_file import Cycle
from central.frames import Consequence
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, Route
from sync_rules.topology.frames import Instance
from warehouse.connection import Connection, rolled_back
from warehouse.frames import RowSize
from warehouse.ledger import change_sets, history
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import contacted_sites, presume_contact, put_sites

_ROUTE = ["site_id", *RECORD, "op"]


@dataclass(frozen=True)
class Foreseen:
    """What would be: which site has which store, and what each site gains and loses."""

    instances: FrameOf[Instance]
    consequences: FrameOf[Consequence]

    @classmethod
    def nothing(cls) -> Self:
        """Nothing changes."""
        return cls(Instance.empty(), Consequence.empty())


def foresee(con: Connection, project: Project, *, before: str, now: datetime) -> Foreseen:
    """What would follow if the project's topology came after ``before``, the text of the one that is applied: what is
    under way already is not counted. A site that is new gains all that is to be its."""
    applied = project.at(before)
    known = {site.id for site in applied.topology.sites}
    new = sorted(site.id for site in project.topology.sites if site.id not in known)
    under_way = _tried(con, applied, [], now).routes
    wanted = _tried(con, project, new, now)
    fresh = wanted.routes.join(under_way, on=_ROUTE, how="anti")
    sized = fresh.join(wanted.sizes, on=["site_id", *RECORD], how="left")
    is_gain = pl.col("op") == "upsert"
    counted = sized.group_by("site_id", "table_name").agg(
        gains=is_gain.sum(), bytes=pl.col("bytes").sum(), loses=(~is_gain).sum()
    )
    return Foreseen(wanted.instances, Consequence.take(counted.sort("site_id", "table_name")))


@dataclass(frozen=True)
class _Tried:
    """What sites would be sent, the size of each row of it, and which site has which store."""

    routes: FrameOf[Route]
    sizes: FrameOf[RowSize]
    instances: FrameOf[Instance]


def _tried(con: Connection, project: Project, new: Sequence[int], now: datetime) -> _Tried:
    """What a cycle that pulls nothing would come to by the project's topology; ``new`` sites count as pulled."""
    ids = {site.id for site in project.topology.sites}
    with rolled_back(con):
        put_sites(con, project.topology)
        presume_contact(con, new)
        enter(con, project, Cycle(last_cycle(con) + 1, now, project.topology_text, (), (), "plan"))
        sites = [site_id for site_id in contacted_sites(con) if site_id in ids]
        routes = routed(con, change_sets.positions(con, sites))
        sizes = change_sets.row_sizes(con, routes.filter(pl.col("op") == "upsert"), project.schema)
        return _Tried(routes, sizes, Instance.take(history.instances(con)))
