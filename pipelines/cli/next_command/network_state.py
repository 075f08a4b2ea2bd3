"""How a network stands, as far as central remembers it: what tells which command is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from central import cycle_file, decisions
from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project
from central.working_warehouse import behind_its_cycles, traces
from pipelines.cli.speech.options import project
from sync_rules.words import DecisionKind, Verdict
from warehouse.connection import Connection, open_warehouse, rolled_back
from warehouse.exports import views
from warehouse.ledger import quarantine
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.decisions import last_decision
from warehouse.ledger.sites import put_sites
from warehouse.snapshots.publish import is_cycle_published


@dataclass(frozen=True)
class NetworkState:
    """``cycle``: the last one, 0 for none. ``is_behind``: cycles are kept that the warehouse has not got; ``is_lost``:
    there were later ones, of which nothing is kept. ``sites``: rows of the sync report. ``found``: of sites that were
    looked at just now, what `check` says. ``to_act_on``: the sites of decisions that no cycle acted on. ``rejected``,
    ``waiting``: the first change of those that nobody decided about, by number. ``is_stale``: the published snapshot
    lacks the last cycle. ``paused_by_file``: the sites that no command resumes."""

    cycle: int
    central: str
    is_behind: bool = False
    is_lost: bool = False
    is_mistaken: bool = False
    is_unapplied: bool = False
    sites: Sequence[Mapping[str, Any]] = ()
    found: Sequence[Mapping[str, Any]] = ()
    to_act_on: Sequence[str] = ()
    rejected: int | None = None
    waiting: int | None = None
    moves: Sequence[MoveExplanation] = ()
    is_stale: bool = False
    paused_by_file: Sequence[str] = ()


def state_of(loaded: Project, found: Sequence[Mapping[str, Any]] | None, *, wait_s: float) -> NetworkState:
    """How the network of a project stands. ``found``: what was found at its sites just now, None where nobody looked;
    before the first cycle they are looked at, since central remembers nothing of them. Raises WarehouseBusy after
    ``wait_s`` seconds."""
    is_lost = bool(traces(loaded, 0))
    if not loaded.warehouse.exists():
        is_behind = cycle_file.last_number(loaded.pulls) > 0
        if is_behind or is_lost:
            return NetworkState(0, _central(loaded), is_behind=is_behind, is_lost=is_lost and not is_behind)
        return _before_the_first(loaded, found)
    with open_warehouse(loaded.warehouse, loaded.schema, wait_s=wait_s) as con:
        cycle = last_cycle(con)
        if cycle > 0 or behind_its_cycles(loaded, con):
            return _remembered(con, loaded, cycle, found or ())
    return _before_the_first(loaded, found)


def _before_the_first(loaded: Project, found: Sequence[Mapping[str, Any]] | None) -> NetworkState:
    return NetworkState(0, _central(loaded), found=_looked_at(loaded.folder) if found is None else found)


def _remembered(con: Connection, loaded: Project, cycle: int, found: Sequence[Mapping[str, Any]]) -> NetworkState:
    undone = decisions.after(loaded.pulls, last_decision(con))
    decided = {entry for one in undone for entry in one.entries}
    entries = quarantine.open_entries(con, with_waiting=True)
    entries = entries.filter(~pl.col("id").is_in(sorted(decided)))
    with rolled_back(con):
        put_sites(con, with_pauses(con, loaded).topology, waits_for_apply=loaded.waits_for_apply is not None)
        sites = views.read(con, "sync_status").to_dicts()
    return NetworkState(
        cycle, _central(loaded),
        is_behind=behind_its_cycles(loaded, con) is not None, is_lost=bool(traces(loaded, cycle)),
        is_mistaken=loaded.mistaken is not None, is_unapplied=loaded.waits_for_apply is not None,
        sites=sites, found=found, to_act_on=sorted({one.site_code for one in undone if one.kind != DecisionKind.PAUSE}),
        rejected=_first(entries, Verdict.REJECTED), waiting=_first(entries, Verdict.WAITING),
        moves=ways(con, with_moves(con, loaded), is_open=True),
        paused_by_file=[site.code for site in loaded.topology.sites if not site.is_enabled],
        is_stale=not is_cycle_published(con, loaded.published, loaded.schema),
    )  # fmt: skip


def _first(entries: pl.DataFrame, verdict: Verdict) -> int | None:
    found = entries.filter(pl.col("verdict") == str(verdict))["id"].min()
    return found if isinstance(found, int) else None


def _central(loaded: Project) -> str:
    return next(site.code for site in loaded.topology.sites if site.id == loaded.topology.central_id)


def _looked_at(folder: Path) -> Sequence[Mapping[str, Any]]:
    """What `check` finds at each site; a demo's own PostgreSQL runs for it."""
    from central.site_state import site_state  # what reads sites takes long to load

    with project(folder) as loaded:
        wanted = loaded.as_wanted()
        return [site_state(wanted, site, None) for site in wanted.topology.sites]
