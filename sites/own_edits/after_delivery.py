"""What supplysync does at a site because of what it delivers there: the site's own edits, pulled next time (B24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.own_edits.receipts import order_lines_of, update_receipts
from sites.own_edits.rights import NO_RIGHTS, StoreRights
from sites.own_edits.transfers.halves import halves_without_number, number_halves, present_numbers
from sync_rules.schema import Schema
from sync_rules.words import Skipped
from wire.change_set import ChangeSet


@dataclass(frozen=True)
class Steps:
    """What a change set calls for: documents to number, by table, the numbers some of them have here already, and
    order lines of which something was received."""

    halves: Mapping[str, pl.Series]
    numbers: pl.DataFrame
    order_lines: pl.Series


def steps_of(db: SiteDatabase, change_set: ChangeSet, rights: StoreRights) -> Steps | None:
    """The steps that the change set calls for, seen before it is applied; None where it calls for none."""
    if rights == NO_RIGHTS:
        return None
    halves = halves_without_number(change_set, rights)
    steps = Steps(halves, present_numbers(db, halves), order_lines_of(db, change_set))
    return steps if steps.halves or len(steps.order_lines) else None


def carry_out(
    db: SiteDatabase, schema: Schema, steps: Steps, *, skipped: Iterable[Skipped], rights: StoreRights, now: datetime
) -> None:
    """Take the steps once the change set is applied, in its transaction and unmarked."""
    number_halves(db, schema, steps.halves, present=steps.numbers, skipped=skipped, rights=rights, now=now)
    update_receipts(db, schema, steps.order_lines, rights)
