"""Changes that were held back and are judged again; their rows, kept as text, as typed rows again."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.row_texts import as_rows
from sync_rules.schema import Schema
from warehouse.connection import Connection, query
from warehouse.statements import statement


def waiting_changes(con: Connection, retried: Sequence[int]) -> pl.DataFrame:
    """Changes that wait, oldest first, before anything pulled now; malformed new rows, which hold their document
    until they are mended (A4); and those that an operator wants judged again (A2)."""
    return query(con, statement("waiting_changes"), [list(retried)])


def rows_of_waiting(waiting: pl.DataFrame, table: str, schema: Schema) -> pl.DataFrame:
    """The rows of ``waiting`` (site_id, site_row: JSON of text), with from_site."""
    return as_rows(waiting.select(from_site="site_id", row="site_row"), "row", schema.travelling(table))
