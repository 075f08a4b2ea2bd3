"""What topology.toml asks for, compared with what is applied, and what would follow: looked at, never done (B46)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from central.frames import Consequence, OwnedPart
from central.pauses import with_pauses
from central.plan.answers import Answers, ask_sites
from central.plan.consequences import Foreseen, foresee
from central.plan.moves import Departure, departures, not_handed_over, not_lost, of_moves, what_stays
from central.plan.notes import idle, newly_switched, of_switches, unknown
from central.plan.preconditions import unmet
from central.plan.renames import other_codes, renames_and_differences
from central.project import Project, chosen_sites
from central.visits.known import known_of
from sync_rules.frame import FrameOf
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS
from sync_rules.topology.differences import Difference, What
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.topology import Site, Topology
from sync_rules.words import CENTRAL_DATA
from warehouse.connection import Connection
from warehouse.ledger.network.versions import Applied, applied_version
from warehouse.records import replicas
from warehouse.records.facts import counts_by_owner, counts_of_parts

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
    ``forced``: the sites that are lost, whose stores are taken from them unasked (B47).
    """

    applied: Applied | None
    wanted: str
    differences: Sequence[Difference]
    handovers: Sequence[Handover]
    unmet: Sequence[str]
    notes: Sequence[str]
    consequences: pl.DataFrame
    forced: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """All of it as plain values; of the version that is applied, which one it is."""
        applied = asdict(self.applied) if self.applied else {}
        return {
            "applied": {key: _plain(applied[key]) for key in _SAID} if applied else None,
            "wanted": self.wanted,
            "forced": list(self.forced),
            "differences": [asdict(one) for one in self.differences],
            "handovers": [asdict(one) for one in self.handovers],
            "unmet": list(self.unmet),
            "notes": list(self.notes),
            "consequences": self.consequences.to_dicts(),
        }


def make_plan(con: Connection, project: Project, *, now: datetime, forced: Sequence[str] = ()) -> NetworkPlan:
    """The plan of a project's topology.toml. Sites that are new, or whose database is another, are asked at once, for
    five seconds, and so are those that stores leave. ``forced``: codes of lost sites, whose stores are taken from them
    unasked (B47). Raises ProjectError for a code that is no site's."""
    applied, wanted = applied_version(con), project.as_wanted()
    chosen_sites(project, forced)
    if applied is None:
        return _first_plan(wanted, forced)
    before, after = project.at(applied.toml).topology, wanted.topology
    found = renames_and_differences(con, before, after)
    leaving = departures(con, with_pauses(con, project.at(applied.toml)).topology, after, now=now)
    foreseen = foresee(con, project.at(applied.toml), wanted, now=now) if found else Foreseen.nothing()
    tables = newly_switched(before, after)
    answers, left = _asked(con, wanted, before, leaving, forced, tables)
    unready, silent = _unready(answers)
    return NetworkPlan(
        applied,
        _hash_of(wanted),
        found,
        _handovers(con, after, found),
        [*unmet(con, before, after, found), *unready, *_not_lost(con, before, leaving, forced, answers)],
        [
            *silent,
            *(idle(con, after, foreseen.instances) if found else ()),
            *unknown(found),
            *other_codes(con, after),
            *of_moves(con, leaving, forced),
            *of_switches(tables, answers.unsent),
            *what_stays({code: answers.staying.get(code) for code in left}),
        ],
        _with_codes(foreseen.consequences, wanted),
        forced,
    )


def _asked(
    con: Connection,
    wanted: Project,
    before: Topology,
    leaving: Sequence[Departure],
    forced: Sequence[str],
    switching: Collection[str],
) -> tuple[Answers, Collection[str]]:
    """What sites say, and the codes of those that stores leave; ``switching``: the codes of those for which procurement
    is switched otherwise."""
    after = wanted.topology
    lost, left = _lost_and_left(leaving, forced)
    new = [site for site in _to_ask(before, after) if site.code not in forced]
    switched = [site for site in after.sites if site.code in switching]
    known = known_of(con, wanted)
    return ask_sites(wanted, known, new=new, lost=[*lost.values()], left=[*left.values()], switched=switched), left


def _not_lost(
    con: Connection, before: Topology, leaving: Sequence[Departure], forced: Sequence[str], answers: Answers
) -> Iterator[str]:
    return not_lost(leaving, forced, answers.is_there, not_handed_over(con, before))


def _lost_and_left(leaving: Sequence[Departure], forced: Sequence[str]) -> tuple[dict[str, Site], dict[str, Site]]:
    """The sites that stores are taken from, and those that were ever heard of and hand theirs over, by code."""
    lost = {one.site.code: one.site for one in leaving if one.site.code in forced}
    left = {one.site.code: one.site for one in leaving if one.days is not None and one.site.code not in lost}
    return lost, left


def _first_plan(wanted: Project, forced: Sequence[str]) -> NetworkPlan:
    new = [site for site in wanted.topology.sites if site.is_enabled]
    unready, silent = _unready(ask_sites(wanted, None, new=new))
    none = _with_codes(Consequence.empty(), wanted)
    return NetworkPlan(
        None, _hash_of(wanted), [], [], [*unready, *not_lost([], forced, {}, {})], silent, none, forced
    )  # fmt: skip


def _hash_of(wanted: Project) -> str:
    return hashlib.sha256(wanted.topology_text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _to_ask(before: Topology, after: Topology) -> list[Site]:
    """The sites that are new, or whose database has another address."""
    was = {site.id: site.database for site in before.sites}
    return [site for site in after.sites if site.is_enabled and was.get(site.id) != site.database]


def _unready(answers: Answers) -> tuple[list[str], list[str]]:
    """What keeps sites from being pulled, and what mends it; and the sites that gave no answer, or none yet, which is
    no obstacle."""
    states = answers.states
    said = {code: f"site `{code}`: {found['problem']}" for code, found in states.items() if found["problem"]}
    silent = [text for code, text in said.items() if states[code]["reached"] == "unreachable"]
    return [text for text in said.values() if text not in silent], silent


def _handovers(con: Connection, after: Topology, found: Sequence[Difference]) -> list[Handover]:
    """The records of the stores that move, and of central data where another site becomes primary, by table."""
    ids = stores_by_code(after, replicas.stores(con))
    moved = {one.subject.split("`")[1]: one for one in found if one.what is What.MOVED and one.key == "active_on"}
    primary = [one for one in found if (one.subject, one.key) == ("network", "primary")]
    owned = counts_by_owner(con, [ids[code] for code in moved if code in ids], _parts_of(Authority.OWNER))
    return [
        Handover(code, str(one.before), str(one.after), table, records)
        for code, one in sorted(moved.items())
        for owner, table, records in owned.iter_rows()
        if owner == ids.get(code)
    ] + [
        Handover(CENTRAL_DATA, str(one.before), str(one.after), table, records)
        for one in primary
        for table, records in counts_of_parts(con, _parts_of(Authority.PRIMARY)).iter_rows()
    ]


def _parts_of(authority: Authority) -> pl.DataFrame:
    """The parts of tables that are edited by an authority."""
    return OwnedPart.of(
        (name, part, rule.table.is_stock)
        for name, rules in PARTS.items()
        for part, rule in rules.items()
        if rule.authority is authority
    ).select("table_name", "part")


def _with_codes(counted: FrameOf[Consequence], project: Project) -> pl.DataFrame:
    codes = {site.id: site.code for site in project.topology.sites}
    return counted.with_columns(site=pl.col("site_id").replace_strict(codes, return_dtype=pl.String)).select(
        "site_id", "site", "table_name", "gains", "bytes", "loses"
    )
