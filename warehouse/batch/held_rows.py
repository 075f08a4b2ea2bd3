"""What the rows that central holds say of themselves, as rows of a batch do."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sync_rules.schema import Schema
from warehouse.batch.claims import row_claims
from warehouse.connection import Connection
from warehouse.records.replicas import every_row

_NOBODY = 0


def claims_of(con: Connection, table: str, schema: Schema, parties: Collection[str]) -> pl.DataFrame:
    """record_id, owner, about, part, document of each row of a replica; a line has neither owner, about nor part of its
    own (they are its document's). ``parties``: the ids of the names of stores."""
    sent = every_row(con, table, schema).with_columns(from_site=pl.lit(_NOBODY, pl.Int64)).lazy()
    return row_claims({table: [sent]}, (), parties).claims.select("record_id", "owner", "about", "part", "document")
