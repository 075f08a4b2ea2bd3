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
from central.plan.moves import of_moves
from central.plan.notes import unknown, without_effect
from central.plan.preconditions import unmet
from central.project import Project
from central.site_state import site_state
from sync_rules.frame import FrameOf
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS
from sync_rules.topology.differences import Difference, What, differences
from sync_rules.topology.topology import Site, Topology
from warehouse.connection import Connection
from warehouse.ledger.network.versions import Applied, applied_version
from warehouse.records import replicas
from warehouse.records.facts import counts_by_owner

_PATIENCE_S = 5.0
_AT_ONCE = 64
_NO_ANSWER = {"reached": "unreachable", "problem": "not asked: it gave no answer yet"}
_SAID = ("version", "content_hash", "applied_at", "applied_by", "cycle")


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

    ``unmet``: what keeps it from being done, each with what mends it. ``notes``: what has no effect, sites that give no
    answer, and what is not known before it is done. ``consequences`` has the code of each site too, ``site``.
    """

    applied: Applied | None
    wanted: str
    differences: Sequence[Difference]
    handovers: Sequence[Handover]
    unmet: Sequence[str]
    notes: Sequence[str]
    consequences: pl.DataFrame

    def document(self) -> dict[str, Any]:
        """All of it as plain values; of the version that is applied, which one it is."""
        applied = asdict(self.applied) if self.applied else {}
        return {
            "applied": {key: _plain(applied[key]) for key in _SAID} if applied else None,
            "wanted": self.wanted,
            "differences": [asdict(one) for one in self.differences],
            "handovers": [asdict(one) for one in self.handovers],
            "unmet": list(self.unmet),
            "notes": list(self.notes),
            "consequences": self.consequences.to_dicts(),
        }


def make_plan(con: Connection, project: Project, *, now: datetime, is_forced: bool = False) -> NetworkPlan:
    """The plan of a project's topology.toml. Sites that are new, or whose database is another, are asked at once, for
    five seconds. ``is_forced``: stores that move are not handed over by their sites (B47)."""
    applied, wanted = applied_version(con), project.as_wanted()
    wanted_hash = hashlib.sha256(wanted.topology_text.encode()).hexdigest()
    if applied is None:
        sites = [site for site in wanted.topology.sites if site.is_enabled]
        unready, silent = _unready(wanted, sites, None)
        return NetworkPlan(None, wanted_hash, [], [], unready, silent, _with_codes(Consequence.empty(), wanted))
    before = project.at(applied.toml)
    found = differences(before.topology, wanted.topology)
    known = known_of(con, wanted)
    foreseen = foresee(con, before, wanted, now=now) if found else Foreseen.nothing()
    unready, silent = _unready(wanted, _to_ask(before.topology, wanted.topology), known)
    return NetworkPlan(
        applied,
        wanted_hash,
        found,
        _handovers(con, found),
        [*unmet(con, before.topology, wanted.topology, found), *unready],
        [
            *silent,
            *without_effect(con, wanted.topology, foreseen.instances),
            *unknown(found),
            *of_moves(con, before.topology, wanted.topology, now=now, is_forced=is_forced),
        ],
        _with_codes(foreseen.consequences, wanted),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _to_ask(before: Topology, after: Topology) -> list[Site]:
    """The sites that are new, or whose database has another address."""
    was = {site.id: site.database for site in before.sites}
    return [site for site in after.sites if site.is_enabled and was.get(site.id) != site.database]


def _unready(project: Project, sites: Sequence[Site], known: Known | None) -> tuple[list[str], list[str]]:
    """What keeps sites from being pulled, and what mends it; and the sites that gave no answer, or none yet, which is
    no obstacle."""
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
    jobs = {site.code: pool.submit(site_state, project, site, known) for site in sites}
    wait(jobs.values(), timeout=_PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)
    answers = {code: job.result() if job.done() else _NO_ANSWER for code, job in sorted(jobs.items())}
    said = {code: f"site `{code}`: {found['problem']}" for code, found in answers.items() if found["problem"]}
    silent = [text for code, text in said.items() if answers[code]["reached"] == "unreachable"]
    return [text for text in said.values() if text not in silent], silent


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
