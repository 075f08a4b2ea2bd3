"""What topology.toml asks for, compared with what is applied, and what would follow: looked at, never done (B46)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from central.cycle.known import Known, known_of
from central.frames import Consequence, OwnedPart
from central.plan.consequences import Foreseen, foresee
from central.plan.notes import unknown, without_effect
from central.project import Project
from central.site_state import site_state
from sync_rules.frame import FrameOf
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS
from sync_rules.topology.differences import Difference, What, differences
from sync_rules.topology.topology import Site, Topology
from warehouse.connection import Connection
from warehouse.ledger.topology import Applied, applied_version
from warehouse.records import replicas
from warehouse.records.facts import counts_by_owner

_PATIENCE_S = 5.0
_AT_ONCE = 64
_NO_ANSWER = "not asked: it gave no answer yet"


@dataclass(frozen=True)
class Handover:
    """Records of a store that are edited at another site from then on."""

    store: str
    before: str
    after: str
    table: str
    records: int


@dataclass(frozen=True)
class NetworkPlan:
    """What would follow from topology.toml. ``applied`` is None before the first cycle, which applies the file.

    ``unmet``: what keeps it from being done, each with what mends it. ``notes``: what has no effect, and what is not
    known before it is done. ``consequences`` has the code of each site too, ``site``.
    """

    applied: Applied | None
    wanted: str
    differences: Sequence[Difference]
    handovers: Sequence[Handover]
    unmet: Sequence[str]
    notes: Sequence[str]
    consequences: pl.DataFrame

    def document(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "applied": asdict(self.applied) if self.applied else None,
            "wanted": self.wanted,
            "differences": [asdict(one) for one in self.differences],
            "handovers": [asdict(one) for one in self.handovers],
            "unmet": list(self.unmet),
            "notes": list(self.notes),
            "consequences": self.consequences.to_dicts(),
        }


def make_plan(con: Connection, project: Project, *, now: datetime) -> NetworkPlan:
    """The plan of a project's topology.toml. Sites that are new, or whose database is another, are asked at once, for
    five seconds."""
    applied = applied_version(con)
    wanted = hashlib.sha256(project.topology_text.encode()).hexdigest()
    if applied is None:
        sites = [site for site in project.topology.sites if site.is_enabled]
        return NetworkPlan(
            None, wanted, [], [], _unready(project, sites, None), [], _with_codes(Consequence.empty(), project)
        )
    before = project.at(applied.toml)
    found = differences(before.topology, project.topology)
    known = known_of(con, project)
    foreseen = foresee(con, before, project, now=now) if found else Foreseen.nothing()
    return NetworkPlan(
        applied,
        wanted,
        found,
        _handovers(con, found),
        _unready(project, _to_ask(before.topology, project.topology), known),
        [*without_effect(con, project.topology, foreseen.instances), *unknown(found)],
        _with_codes(foreseen.consequences, project),
    )


def _to_ask(before: Topology, after: Topology) -> list[Site]:
    """The sites that are new, or whose database has another address."""
    was = {site.id: site.database for site in before.sites}
    return [site for site in after.sites if site.is_enabled and was.get(site.id) != site.database]


def _unready(project: Project, sites: Sequence[Site], known: Known | None) -> list[str]:
    """What keeps a site from being pulled, and what mends it; a site that is slow to answer is said to be so."""
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
    jobs = {site.code: pool.submit(site_state, project, site, known) for site in sites}
    wait(jobs.values(), timeout=_PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)
    answers = {code: job.result()["problem"] if job.done() else _NO_ANSWER for code, job in jobs.items()}
    return [f"site `{code}`: {problem}" for code, problem in sorted(answers.items()) if problem]


def _handovers(con: Connection, found: Sequence[Difference]) -> list[Handover]:
    """The records of the stores that move, by table."""
    ids = dict(replicas.stores(con).select("code", "id").iter_rows())
    moved = {one.subject.split("`")[1]: one for one in found if one.what is What.MOVED and one.key == "active_on"}
    owned = counts_by_owner(con, [ids[code] for code in moved if code in ids], _stores_parts())
    return [
        Handover(code, str(one.before), str(one.after), table, records)
        for code, one in sorted(moved.items())
        for owner, table, records in owned.iter_rows()
        if owner == ids.get(code)
    ]


def _stores_parts() -> pl.DataFrame:
    """The parts of tables that are edited where the owning store is active."""
    return OwnedPart.of(
        (name, part, rule.table.is_stock)
        for name, rules in PARTS.items()
        for part, rule in rules.items()
        if rule.authority is Authority.OWNER
    ).select("table_name", "part")


def _with_codes(counted: FrameOf[Consequence], project: Project) -> pl.DataFrame:
    codes = {site.id: site.code for site in project.topology.sites}
    return counted.with_columns(site=pl.col("site_id").replace_strict(codes, return_dtype=pl.String)).select(
        "site_id", "site", "table_name", "gains", "bytes", "loses"
    )
