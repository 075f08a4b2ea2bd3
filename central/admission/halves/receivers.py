"""Changes that give another receiver to what was sent already (precision 4 of the spec)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, Redirected
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import HEADERS
from sync_rules.transfers.versions import KEY
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.frames import Transfer
from warehouse.ledger import transfers
from warehouse.ledger.halves.versions import not_taken_in
from warehouse.records.facts import held_records
from warehouse.records.replicas import rows_of

_PARTY = "other_name_id"


def redirected(con: Connection, batch: Batch, schema: Schema) -> FrameOf[Redirected]:
    """The edits among ``batch`` that name another party than the document did, of documents whose responding half is in
    the store that they named; and whether that store took it in."""
    is_edit = pl.col("table_name").is_in(HEADERS) & (pl.col("op") == "upsert") & pl.col("malformed").is_null()
    edits = batch.changes.filter(is_edit).select(CHANGE)
    if edits.is_empty():
        return Redirected.empty()
    known = _with_halves(con, edits)
    edits = edits.join(known, on=RECORD, how="semi")
    if edits.is_empty():
        return Redirected.empty()
    names = transfers.store_names(con).select(to_store="store_id", its_name="name_id")
    parties = _parties(con, batch, edits, schema).join(known.join(names, on="to_store", how="left"), on=RECORD)
    is_other = ~pl.col("now").eq_missing(pl.col("before")) & ~pl.col("now").eq_missing(pl.col("its_name"))
    others = parties.filter(is_other)
    left = not_taken_in(con, Transfer.take(others.unique(RECORD)), schema)
    there = left.select(*KEY, is_taken_in=pl.lit(False))
    found = others.join(there, on=KEY, how="left", maintain_order="left")
    return Redirected.take(found.with_columns(pl.col("is_taken_in").fill_null(True)))


def _with_halves(con: Connection, edits: pl.DataFrame) -> pl.DataFrame:
    """The transfers of the documents ``edits`` (keys) whose responding half is there: it may be gone since."""
    known = transfers.of_halves(con, edits).filter(~pl.col("is_responding_deleted"))
    held = held_records(con, known.select(table_name="responding_table", record_id="responding_id").drop_nulls())
    there = held.select(responding_table="table_name", responding_id="record_id")
    return known.join(there, on=KEY, how="semi")


def _parties(con: Connection, batch: Batch, edits: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The other party that each of ``edits`` (CHANGE) names, ``now`` and ``before``."""
    found: list[pl.DataFrame] = []
    for (table,), own in edits.group_by("table_name", maintain_order=True):
        sent = batch.rows_of(str(table), own.select("site_id", "record_id"))
        held = rows_of(con, str(table), "id", own["record_id"], schema)
        now = sent.select("from_site", "id", now=_PARTY).join(held.select("id", before=_PARTY), on="id")
        found.append(
            now.select(pl.lit(table).alias("table_name"), "now", "before", site_id="from_site", record_id="id")
        )
    return pl.concat(found)
