"""What sites say to who plans: all are asked at once, and waited for no longer than people look at a screen (B46)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from central.explain.queues import coming_in
from central.project import Project
from central.site_state import site_state
from central.visits.known import Known
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.engines.sql import quote
from sites.schema.presence import presence
from sync_rules.table.rules import LOCAL_TABLES
from sync_rules.topology.topology import Site

_PATIENCE_S = 5.0
_AT_ONCE = 64
_NO_ANSWER = {"reached": "unreachable", "problem": "not asked: it gave no answer yet"}


@dataclass(frozen=True)
class Answers:
    """By the code of each site that was asked: what keeps it from being pulled (``states``, as `site_state`), whether
    one that is said to be lost ``is_there``, how many rows of each table never leave it (``staying``), and how many are
    ``unsent``; None where there was no answer."""

    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_there: Mapping[str, bool | None] = field(default_factory=dict)
    staying: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)
    unsent: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)


def ask_sites(
    project: Project,
    known: Known | None,
    *,
    new: Sequence[Site] = (),
    lost: Sequence[Site] = (),
    left: Sequence[Site] = (),
    switched: Sequence[Site] = (),
) -> Answers:
    """Asks sites that are ``new``, that are said to be ``lost``, that stores leave (``left``, but for those that
    are paused), and for which procurement is ``switched``: for five seconds."""
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
    jobs: list[dict[str, Future[Any]]] = [
        {site.code: pool.submit(question, project, site) for site in sorted(sites, key=lambda one: one.code)}
        for sites, question in (
            (new, partial(_state, known)),
            (lost, is_answering),
            ([site for site in left if site.is_enabled], _rows_that_stay),
            (switched, partial(_unsent, known)),
        )
    ]
    wait([job for of_kind in jobs for job in of_kind.values()], timeout=_PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)
    states, is_there, staying, unsent = (
        {code: job.result() if job.done() else None for code, job in of_kind.items()} for of_kind in jobs
    )
    return Answers({code: found or _NO_ANSWER for code, found in states.items()}, is_there, staying, unsent)


def _state(known: Known | None, project: Project, site: Site) -> dict[str, Any]:
    return site_state(project, site, known)


def _unsent(known: Known | None, project: Project, site: Site) -> dict[str, int] | None:
    return coming_in(project, known, site) if known else None


def is_answering(project: Project, site: Site) -> bool:
    """Whether a site's database opens, and could be pulled for all that is seen of it; also where it is paused."""
    state = site_state(project, replace(site, is_enabled=True), None)
    return state["reached"] == "ok" and not state["problem"]


def _rows_that_stay(project: Project, site: Site) -> dict[str, int] | None:
    """The tables that have any rows alone (B48)."""
    try:
        with open_site(project.database_url(site), project.folder) as db:
            here = [name for name in LOCAL_TABLES if name not in presence(db, project.schema).absent]
            questions = (f"select '{name}', (select count(*) from {quote(name)})" for name in here)
            counted = db.execute(" union all ".join(questions)) if here else []
    except (Unreachable, SiteFailed):
        return None
    return {str(name): int(rows) for name, rows in sorted(counted) if rows}
