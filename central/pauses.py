"""Sites that an operator paused by command, besides those that topology.toml has paused (T8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from central import decisions
from central.decisions import Decision
from central.project import Project
from sync_rules.words import DecisionKind
from warehouse.connection import Connection
from warehouse.ledger.decisions import DecidedAboutSite, decided_about_sites, last_decision

EVERY_SITE = "*"
"""In place of a site's code: all of them, those that come later too."""

_KINDS = (DecisionKind.PAUSE, DecisionKind.RESUME)


@dataclass(frozen=True)
class Pause:
    """Who paused a site, since when, and why, if they said so."""

    by: str
    since: datetime
    reason: str | None


def paused_now(con: Connection, project: Project) -> Mapping[str, Pause]:
    """What is paused by command, by site code, also by what no cycle has acted on yet."""
    return _paused_after(con, decisions.after(project.pulls, last_decision(con)))


def _paused_after(con: Connection, decided: Sequence[Decision]) -> Mapping[str, Pause]:
    coming = [
        DecidedAboutSite(one.kind, one.site_code, one.reason, datetime.fromisoformat(one.decided_at), one.decided_by)
        for one in decided
    ]
    return _paused([*decided_about_sites(con, _KINDS), *coming])


def _paused(decided: Sequence[DecidedAboutSite]) -> Mapping[str, Pause]:
    """Who resumes all, resumes each; a site that is paused already is paused by whom it was."""
    found: dict[str, Pause] = {}
    for one in decided:
        if one.kind == DecisionKind.PAUSE:
            found.setdefault(one.site_code, Pause(one.decided_by, one.decided_at, one.reason))
        elif one.kind == DecisionKind.RESUME and one.site_code == EVERY_SITE:
            found = {}
        elif one.kind == DecisionKind.RESUME:
            found.pop(one.site_code, None)
    return found


def with_pauses(con: Connection, project: Project, decided: Sequence[Decision] | None = None) -> Project:
    """``project``, with the sites disabled that an operator paused; ``decided``: what is acted on only now, all that is
    kept where nothing is said."""
    paused = paused_now(con, project) if decided is None else _paused_after(con, decided)
    if not paused:
        return project
    sites = tuple(
        replace(one, is_enabled=False) if {one.code, EVERY_SITE} & paused.keys() else one
        for one in project.topology.sites
    )
    return replace(project, topology=replace(project.topology, sites=sites))
