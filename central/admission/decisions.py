"""Acting on what operators decided, at the beginning of a cycle's admission (A2, M8)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from central.admission.repairs.steps import put_right, steps_of
from central.cycle_file import Cycle
from sync_rules.words import DecisionKind, EntryKind
from warehouse.batch import gaps
from warehouse.connection import Connection
from warehouse.ledger import answers, quarantine
from warehouse.ledger.decisions import record_decision
from warehouse.ledger.sites import release_removal, site_of
from warehouse.records.door import Records
from warehouse.records.facts import to_resend


def act_on(records: Records, cycle: Cycle) -> list[int]:
    """Enters the decisions of a cycle and does what they say; returns the ids of quarantined changes that are to be
    judged again."""
    con = records.con
    retried: list[int] = []
    for one in cycle.decisions:
        by = one.decided_by
        record_decision(con, one.number, one.kind, one.site_code, one.reason, at=one.decided_at, by=by,
                        cycle=cycle.number, record_id=one.record_id, entries=one.entries)  # fmt: skip
        if one.kind == DecisionKind.RELEASE:
            release_removal(con, one.site_code)
            gaps.release(con, one.site_code)
            answers.retry_skipped(records, [site_of(con, one.site_code)])
        elif one.kind == DecisionKind.RESEND:
            records.address(EntryKind.RESEND, to_resend(con, site_of(con, one.site_code), one.record_id or ""))
        elif one.kind == DecisionKind.REPAIR:
            put_right(records, site_of(con, one.site_code), steps_of(one.records))
        elif one.kind == DecisionKind.ADMIT and one.entries:
            retried += quarantine.of_documents(con, one.entries)["id"].to_list()  # admitted together (A5)
        elif one.kind == DecisionKind.ADMIT:
            retried += quarantine.refused_for(con, one.site_code, one.record_id or "")
        elif one.entries:
            gone = discarded_with(con, one.entries)["id"].to_list()
            discarded = quarantine.discard(con, gone, note=one.reason or "", by=by, cycle=cycle.number)
            if one.kind == DecisionKind.DISCARD_AT_SITE:
                records.address(EntryKind.REMOVE, discarded)
    return retried


def discarded_with(con: Connection, entries: Sequence[int]) -> pl.DataFrame:
    """What is discarded with entries (as `quarantine.of_documents`, each once): the lines of a document that central
    does not hold, with its header; nothing of those that are not open."""
    parts = quarantine.of_documents(con, entries)
    is_asked = pl.col("asked") == pl.col("id")
    is_headers = (is_asked & ~pl.col("is_line") & ~pl.col("is_held")).any().over("asked")
    return parts.filter(is_asked | is_headers).unique("id", maintain_order=True)
