"""Which records say that a store deals with a name: those by which a merge would make it its own customer (B35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync_rules.transfers.kinds import HEADERS


@dataclass(frozen=True)
class DealingTable:
    """A table whose rows name a store (``store_id``) and, in ``column``, whom it deals with. ``has_end``: only until
    the document is finalised; what is finished is history, and refuses nothing."""

    table: str
    column: str
    has_end: bool = False

    @property
    def is_open(self) -> pl.Expr:
        """Of rows: they have not come to their end."""
        return pl.col("status").ne_missing(pl.lit("finalised")) if self.has_end else pl.lit(value=True)


DEALINGS: Mapping[str, DealingTable] = {
    one.table: one
    for one in (
        DealingTable("name_store_join", "name_id"),
        DealingTable("backorder", "other_name_id"),
        *(DealingTable(table, "other_name_id", has_end=True) for table in HEADERS),
    )
}
"""What a store sees, what it owes, and its documents with others."""
