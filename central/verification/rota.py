"""A part of the network compared with each cycle, in turn (O6): a few tables of one site, where the last time was the
longest ago. What was looked at when is a file that may be lost.

A site that meets a server which was restored is compared whole, and what it has from elsewhere is put right (precision
8): what came and went in the lost time nobody else can tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from central import decisions
from central.admission.repairs.steps import texts_of
from central.cycle.stages import Asked
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project
from central.verification.repair import plan_repair
from central.verification.verification import SiteVerified, verify_site
from central.visits.known import Known, known_of
from sync_rules import egress
from sync_rules.topology.topology import Site
from sync_rules.words import DecisionKind, Outcome
from warehouse.connection import open_warehouse
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_cycle
from wire.file_errors import naming
from wire.whole_files import write_whole

_TABLES_A_TIME = 12


@dataclass
class Seen:
    """How many turns there were; by site the tables, and in which turn each was compared last; by site the server's
    line under which it was compared as a whole."""

    turns: int = 0
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartVerified:
    """What one turn found: ``site`` is None where no site could be looked at; ``repaired``: records that are put right
    since the server was restored."""

    site: str | None
    tables: Sequence[str]
    found: SiteVerified | None
    repaired: int = 0


def verify_in_turn(asked: Asked) -> PartVerified:
    """Compares the part whose turn it is, of the sites that the last cycle reached."""
    project = asked.project
    with open_warehouse(project.warehouse, project.schema) as con:
        last = visits.of_cycle(con, last_cycle(con)).to_dicts()
        reached = {row["site_code"] for row in last if row["outcome"] == Outcome.OK}
        laid = with_pauses(con, with_moves(con, project))
        sites = [site for site in laid.topology.sites if site.code in reached and site.is_enabled]
        if not sites:
            return PartVerified(None, (), None)
        known, seen = known_of(con, laid), _seen(project)
        site = min(sites, key=lambda one: (not _is_new_line(known, seen, one), _turn(seen, one), one.id))
        is_whole = _is_new_line(known, seen, site)
        tables = _in_turn(seen.tables.get(site.code, {}), is_whole=is_whole)
        found = verify_site(con, laid, known, site, tables)
    repaired = _put_right(asked, found) if is_whole and found.outcome is Outcome.OK else 0
    if is_whole and found.outcome is Outcome.OK and known.line is not None:
        seen.lines[site.code] = known.line.id
    seen.turns += 1
    seen.tables.setdefault(site.code, {}).update(dict.fromkeys(tables, seen.turns))
    write_whole(_file(project), json.dumps(asdict(seen), sort_keys=True))
    return PartVerified(site.code, tables, found, repaired)


def _is_new_line(known: Known, seen: Seen, site: Site) -> bool:
    """Whether the site was pulled under the line of a restored server, and not compared as a whole since (B53)."""
    line, remembered = known.line, known.sites.get(site.id)
    if line is None or not line.ancestors or remembered is None:
        return False
    return remembered.line == line.id and seen.lines.get(site.code) != line.id


def _turn(seen: Seen, site: Site) -> int:
    """In which turn the site was looked at last; 0: never."""
    return max(seen.tables.get(site.code, {}).values(), default=0)


def _in_turn(seen: Mapping[str, int], *, is_whole: bool) -> Sequence[str]:
    every = sorted(egress.signatures(), key=lambda table: (seen.get(table, 0), table))
    return every if is_whole else every[:_TABLES_A_TIME]


def _put_right(asked: Asked, found: SiteVerified) -> int:
    """Decides that what a site has from elsewhere is put right; its own edits are left for an operator."""
    steps = plan_repair(found, None).steps
    if steps.height:
        decisions.write_decision(
            asked.project.pulls, DecisionKind.REPAIR, found.site.code, now=asked.now, decided_by=asked.by,
            reason="the server was restored: what came and went meanwhile", records=texts_of(steps),
        )  # fmt: skip
    return steps.height


def _seen(project: Project) -> Seen:
    """What is remembered; nothing where it cannot be read: then everything is looked at again."""
    try:
        return Seen(**json.loads(_file(project).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Seen()


def _file(project: Project) -> Path:
    folder = project.folder / "data"
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / "verified.json"
