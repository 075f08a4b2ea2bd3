"""What supplysync does at a site because of what it delivers there: the site's own edits, pulled next time (B24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.own_edits.receipts import order_lines_named, update_received
from sites.own_edits.rights import NOTHING, Editable
from sites.own_edits.transfers.halves import number_halves, numbers_held, unnumbered
from sync_rules.schema import Schema
from sync_rules.words import Skipped
from wire.change_set import ChangeSet


@dataclass(frozen=True)
class Steps:
    """What a change set calls for: documents to number, by table, the numbers some of them have here already, and
    order lines of which something was received."""

    halves: Mapping[str, pl.Series]
    held: pl.DataFrame
    order_lines: pl.Series


def look(db: SiteDatabase, change_set: ChangeSet, editable: Editable) -> Steps | None:
    """The steps that the change set calls for, seen before it is applied; None where it calls for none."""
    if editable == NOTHING:
        return None
    halves = unnumbered(change_set, editable)
    steps = Steps(halves, numbers_held(db, halves), order_lines_named(db, change_set))
    return steps if steps.halves or len(steps.order_lines) else None


def take(
    db: SiteDatabase, schema: Schema, steps: Steps, *, skipped: Iterable[Skipped], editable: Editable, now: datetime
) -> None:
    """Take the steps once the change set is applied, in its transaction and unmarked."""
    number_halves(db, schema, steps.halves, held=steps.held, skipped=skipped, editable=editable, now=now)
    update_received(db, schema, steps.order_lines, editable)
