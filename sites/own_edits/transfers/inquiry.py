"""What central asks of a site about transfers between its own stores (X1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.capture.bookmark import Bookmark
from sites.own_edits.rights import StoreRights
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import KINDS, TransferKind

INITIATING = tuple(sorted({kind.table for kind in KINDS}))
"""The tables whose documents begin transfers."""


@dataclass(frozen=True)
class Inquiry:
    """Which documents to look at, and what may be done about them.

    ``earlier``: the place in the log to look from; None for all documents, back to the moment ``limit``.
    ``rights``: what may be edited here. ``named``: documents (table_name, record_id, is_moved: their half was
    another store's before) to look at whatever their age;
    ``not_begun``: those (and to_store) that an edit does not begin, as long as their other party is that one (B60).
    ``kinds``: the kinds of transfer for which the site has the tables. ``judged_first``: tables of which documents
    begin nothing here before central admitted them, since it may not: it names them then (B37).
    ``refused``: documents (table_name, record_id) that central has not taken: they begin nothing, and what names one as
    its order has none.
    """

    earlier: Bookmark | None
    rights: StoreRights
    named: pl.DataFrame
    not_begun: pl.DataFrame
    limit: datetime
    kinds: tuple[TransferKind, ...] = KINDS
    judged_first: frozenset[str] = frozenset()
    refused: pl.DataFrame | None = None


def is_taken(inquiry: Inquiry, table: str) -> pl.Expr:
    """Of rows of ``table``: whether central has not refused them."""
    ids: Collection[str] = []
    if inquiry.refused is not None:
        ids = inquiry.refused.filter(pl.col("table_name") == table)["record_id"].to_list()
    return ~pl.col("id").is_in(ids)


def possible_kinds(schema: Schema) -> tuple[TransferKind, ...]:
    """The kinds of transfer that a site with these tables can make both halves of."""
    return tuple(
        kind
        for kind in KINDS
        if {kind.table, kind.line_table, kind.responding_table, kind.responding_line_table} <= schema.tables.keys()
    )
