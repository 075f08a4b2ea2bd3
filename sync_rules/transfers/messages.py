"""The messages about transfers that the responding site writes (section 8)."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from sync_rules.row_ids import ids_of
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import KINDS, LOG_COLUMNS, LOG_TABLE, TransferKind
from sync_rules.transfers.responds import responding_ids


def log_messages(halves: pl.DataFrame, schema: Schema, now: datetime) -> pl.DataFrame:
    """The log messages about initiating halves, written where the responding half is (section 8): transfer_log rows.

    ``halves``: kind, record_id (the initiating half), to_store, from_name (id of the initiating store's name),
    responding_id and number (of the responding half). One message a half: its id is derived.
    """
    tables = {kind.name: kind.table for kind in KINDS}
    words = {kind.name: f"{kind.called} arrived; here it is {_spoken(kind)} " for kind in KINDS}
    named = halves.with_columns(
        table_name=pl.col("kind").replace_strict(tables, return_dtype=pl.String),
        said=pl.col("kind").replace_strict(words, return_dtype=pl.String),
    )
    is_moved = pl.col("responding_id") != responding_ids(named)
    about = pl.when(is_moved).then(pl.format("{}:{}", "record_id", "to_store")).otherwise("record_id")
    rows = named.select(
        ids_of(named.select(pl.concat_str(pl.lit("transfer_log:"), "table_name").alias("kind"), about), "id"),
        store_id="to_store",
        other_name_id="from_name",
        **{column: pl.when(pl.col("table_name") == table).then("record_id") for table, column in LOG_COLUMNS.items()},
        message=pl.concat_str("said", pl.col("number").cast(pl.String)),
        logged_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
    )
    return schema.whole_rows(LOG_TABLE, rows).sort("id")


def _spoken(kind: TransferKind) -> str:
    return (kind.responding_type or kind.responding_table).replace("_", " ")
