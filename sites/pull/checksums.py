"""A site's rows by ranges of keys, for comparing them with central's: checksums, and the rows themselves (O6)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sites.engines.engine import SiteDatabase, Summed
from sites.engines.errors import SiteFailed
from sites.engines.sql import SqlCondition
from sites.engines.values import printable_ids
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Column
from wire.frames import RangeSum

Span = tuple[str | None, str | None]
"""A range of ids: from the first on, before the second; None: without end."""


def range_sums(
    db: SiteDatabase,
    rule: Leaving,
    columns: Sequence[Column],
    bounds: Sequence[str],
    without: pl.Series,
    summed: Summed,
) -> FrameOf[RangeSum]:
    """How many rows each range of ids has that leave, or came from elsewhere, and their checksums; ``without`` the
    records of these ids. Raises SiteFailed, naming the table, where it cannot be read."""
    text = db.canonical(rule.table, columns)
    listed, parameters = db.id_list(without)
    chosen = (f"t.id not in {listed}", parameters) if len(without) else None
    try:
        texts = egress.selection(rule, f"cast(t.id as text) as id, {text} as text", chosen)
        return db.range_sums(texts, bounds, summed)
    except SiteFailed as error:
        raise error.at(rule.table) from None


def within(db: SiteDatabase, spans: Sequence[Span]) -> SqlCondition:
    """The condition for rows whose ids are in one of ``spans``."""
    each = [db.ids_between(low, high) for low, high in spans]
    return f"({' or '.join(text for text, _ in each)})", tuple(value for _, values in each for value in values)


def ids_there(db: SiteDatabase, table: str, ids: pl.Series) -> pl.Series:
    """Those of ``ids`` that rows of the table have, whether they leave or not; nothing is written."""
    listed, parameters = db.id_list(ids)
    chosen = (f"t.id in {listed}", parameters)
    return printable_ids(db.read(*egress.selection(Leaving(table), "t.id as id", chosen), columns=["id"])["id"])
