"""Rows that were kept as text with the changes that were held back, as typed rows again."""

from __future__ import annotations

import polars as pl

from sync_rules.row_texts import as_rows
from sync_rules.schema import Schema


def rows_of_waiting(waiting: pl.DataFrame, table: str, schema: Schema) -> pl.DataFrame:
    """The rows of ``waiting`` (site_id, site_row: JSON of text), with from_site."""
    return as_rows(waiting.select(from_site="site_id", row="site_row"), "row", schema.travelling(table))
