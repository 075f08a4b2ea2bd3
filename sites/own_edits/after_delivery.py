"""What supplysync does at a site because of what it delivers there: the site's own edits, pulled next time (B24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.own_edits.receipts import order_lines_of, update_receipts
from sites.own_edits.rights import NO_RIGHTS, StoreRights
from sites.own_edits.transfers.halves import halves_without_number, log_numbers, numbers_of, with_numbers
from sync_rules.schema import Schema


@dataclass(frozen=True)
class Steps:
    """What a portion of a change set calls for: ``halves``, the documents to number, by table; ``numbers``
    (table_name, record_id, number), theirs; ``order_lines``, those of which something was received."""

    halves: Mapping[str, pl.DataFrame]
    numbers: pl.DataFrame
    order_lines: pl.Series


def steps_of(
    db: SiteDatabase, schema: Schema, upserts: Mapping[str, pl.DataFrame], deletes: pl.DataFrame, rights: StoreRights
) -> Steps | None:
    """The steps that the rows call for, seen before they are written; None where they call for none.

    The numbers are given here, in the caller's transaction and unmarked: a site may allow each only once.
    """
    if rights == NO_RIGHTS:
        return None
    halves = halves_without_number(upserts, rights)
    steps = Steps(halves, numbers_of(db, halves, upserts), order_lines_of(db, schema, upserts, deletes))
    return steps if steps.halves or len(steps.order_lines) else None


def numbered(upserts: Mapping[str, pl.DataFrame], steps: Steps | None) -> Mapping[str, pl.DataFrame]:
    """The rows of those tables in which documents got numbers."""
    return with_numbers(upserts, steps.numbers) if steps else {}


def carry_out(
    db: SiteDatabase,
    schema: Schema,
    steps: Steps | None,
    *,
    skipped: pl.DataFrame,
    rights: StoreRights,
    now: datetime,
) -> None:
    """Take the steps once the rows are written, in their transaction and unmarked. ``skipped`` (table_name, record_id)
    were not."""
    if steps is not None:
        log_numbers(db, schema, steps.halves, steps.numbers, skipped=skipped, now=now)
        update_receipts(db, schema, steps.order_lines, rights)
