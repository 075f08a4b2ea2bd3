"""Sites that an operator paused by command, besides those that topology.toml has paused (T8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from central import decisions
from central.decisions import Decision
from central.project import Project
from sync_rules.words import DecisionKind
from warehouse.connection import Connection
from warehouse.ledger.decisions import decided_about_sites, last_decision

EVERY_SITE = "*"
"""In place of a site's code: all of them, those that come later too."""

_KINDS = (DecisionKind.PAUSE, DecisionKind.RESUME)


def paused_now(con: Connection, project: Project) -> frozenset[str]:
    """The codes that are paused by command, also by what no cycle has acted on yet."""
    return _paused_after(con, decisions.after(project.pulls, last_decision(con)))


def _paused_after(con: Connection, decided: Sequence[Decision]) -> frozenset[str]:
    return _paused([*decided_about_sites(con, _KINDS), *((one.kind, one.site_code) for one in decided)])


def _paused(decided: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Who resumes all, resumes each."""
    found: set[str] = set()
    for kind, code in decided:
        if kind == DecisionKind.PAUSE:
            found.add(code)
        elif kind == DecisionKind.RESUME:
            found = set() if code == EVERY_SITE else found - {code}
    return frozenset(found)


def with_pauses(con: Connection, project: Project, decided: Sequence[Decision] | None = None) -> Project:
    """``project``, with the sites disabled that an operator paused; ``decided``: what is acted on only now, all that is
    kept where nothing is said."""
    paused = paused_now(con, project) if decided is None else _paused_after(con, decided)
    if not paused:
        return project
    sites = tuple(
        replace(one, is_enabled=False) if {one.code, EVERY_SITE} & paused else one for one in project.topology.sites
    )
    return replace(project, topology=replace(project.topology, sites=sites))
