"""Acting on what operators decided, at the beginning of a cycle's admission (A2, M8)."""

from __future__ import annotations

import polars as pl

from assets.cycles import Cycle
from assets.merging import entries
from warehouse import ledger, quarantine
from warehouse.connection import Connection


def act_on(con: Connection, cycle: Cycle) -> list[int]:
    """Enters the decisions of a cycle and does what they say; returns the ids of quarantined changes that are to be
    judged again."""
    retried = []
    for one in cycle.decisions:
        at, by = one.decided_at, one.decided_by
        ledger.record_decision(
            con, one.number, one.kind, one.site_code, one.entry, one.reason, at=at, by=by, cycle=cycle.number
        )
        if one.kind == "release":
            ledger.release(con, one.site_code)
        elif one.kind == "admit" and one.entry is not None:
            retried.append(one.entry)
        elif one.entry is not None:
            discarded = quarantine.discard(con, one.entry, note=one.reason or "", by=by, cycle=cycle.number)
            if one.kind == "discard_at_site":
                _remove_at_site(con, discarded, cycle)
    return retried


def _remove_at_site(con: Connection, discarded: pl.DataFrame, cycle: Cycle) -> None:
    gone = discarded.with_columns(held_scopes=pl.lit([], pl.List(pl.String)))
    ledger.append(con, entries(gone, "remove", for_site=True), cycle.number)
