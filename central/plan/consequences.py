"""What would go to sites, and from them, if the network were as topology.toml wants it: worked out by the functions
that do it, in a transaction that is rolled back (B46)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import polars as pl

from central.cycle.admit import enter
from central.cycle.routes import routed
from central.cycle_file import Cycle
from central.frames import Consequence
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, Route
from sync_rules.topology.frames import Instance
from warehouse.connection import Connection, rolled_back
from warehouse.ledger import change_sets, history
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import contacted_sites, presume_contact, put_sites
from warehouse.records.sequence import last_seq

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


def foresee(con: Connection, applied: Project, wanted: Project, *, now: datetime) -> Foreseen:
    """What would follow if the topology of ``wanted`` came after that of ``applied``: what is under way already is not
    counted. A site that is new gains all that is to be its."""
    known = {site.id for site in applied.topology.sites}
    new = sorted(site.id for site in wanted.topology.sites if site.id not in known)
    is_gain = pl.col("op") == "upsert"
    with _tried(con, applied, [], now) as under_way:
        pass
    with _tried(con, wanted, new, now) as routes:
        fresh = routes.join(under_way, on=_ROUTE, how="anti")
        sizes = change_sets.row_sizes(con, fresh.filter(is_gain), wanted.schema)
        instances = Instance.take(history.instances(con))
    counted = (
        fresh.join(sizes, on=["site_id", *RECORD], how="left")
        .group_by("site_id", "table_name")
        .agg(gains=is_gain.sum(), bytes=pl.col("bytes").sum(), loses=(~is_gain).sum())
    )
    return Foreseen(instances, Consequence.take(counted.sort("site_id", "table_name")))


@contextmanager
def _tried(con: Connection, project: Project, new: Sequence[int], now: datetime) -> Iterator[FrameOf[Route]]:
    """What sites would be sent after a cycle that pulls nothing, by the project's topology; ``new`` sites count as
    pulled. Inside, the warehouse is as it would be."""
    ids = {site.id for site in project.topology.sites}
    with rolled_back(con):
        put_sites(con, project.topology)
        presume_contact(con, new)
        enter(con, project, Cycle(last_cycle(con) + 1, now, project.topology_text, (), (), "plan"), is_foreseen=True)
        sites = [site_id for site_id in contacted_sites(con) if site_id in ids]
        yield routed(con, change_sets.positions(con, sites), last_seq(con))
