"""Admitted changes into the replicas and the central sequence (M1, B5)."""

from __future__ import annotations

import polars as pl

from central.project import Project
from sync_rules.frames import ENTRIES
from sync_rules.scopes import record_scopes
from sync_rules.table.data_types import RULES
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.records import replicas
from warehouse.records.facts import lines_to_rescope, put_records
from warehouse.records.sequence import append_entries, last_seq

KEY = ["table_name", "record_id"]


def merge(con: Connection, project: Project, batch: Batch, merged: pl.DataFrame) -> None:
    """Rows into replicas, and what is known of each record (its owner, maker, document, scopes)."""
    first = last_seq(con) + 1
    numbered = merged.with_columns(seq=pl.int_range(pl.len(), dtype=pl.Int64) + first)
    upserts = numbered.filter(pl.col("op") == "upsert")
    for (table,), group in upserts.group_by("table_name", maintain_order=True):
        rows = batch.rows_of(str(table), group.select("site_id", "record_id"))
        replicas.merge(con, str(table), rows, project.schema)
    replicas.remove(con, numbered.filter(pl.col("op") == "delete").select(KEY))
    put_records(con, described(upserts.with_columns(maker=pl.coalesce("held_maker", "site_id"))))


def described(records: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, new_owner, new_about, new_part, maker, document, shared, seq -> rows of ledger.record."""
    owned = records.select(
        *KEY, "maker", "document", "seq", "shared", owner="new_owner", about="new_about", part="new_part"
    )
    scopes = record_scopes(owned).alias("scopes")
    return owned.with_columns(scopes).with_columns(pl.col("scopes").list.set_union("shared").list.sort()).sort(KEY)


def entries(changes: pl.DataFrame, kind: str, *, for_site: bool = False) -> pl.DataFrame:
    """Changes as entries of the sequence, in their order."""
    op = pl.lit("upsert") if for_site else pl.col("op")
    return changes.select(
        *KEY,
        kind=pl.lit(kind),
        op=op,
        maker=pl.lit(None, pl.Int64) if kind in ("correct", "remove") else pl.col("site_id"),
        for_site=pl.col("site_id") if for_site else pl.lit(None, pl.Int64),
        scopes_before=pl.col("held_scopes").fill_null([]),
    ).select([name for name in ENTRIES if name != "seq"])


def rescope_lines(con: Connection, headers: pl.DataFrame, cycle: int) -> None:
    """Lines follow their document to its new owner, though they did not change themselves (R1).

    ``headers``: table_name, record_id, new_owner, new_about, new_part of documents that are something else now.
    """
    lines = pl.DataFrame(
        [(name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent],
        schema={"line_table": pl.String(), "table_name": pl.String()},
        orient="row",
    )
    documents = headers.join(lines, on="table_name").select(
        "new_owner", "new_about", "new_part", table_name="line_table", document="record_id"
    )
    if documents.is_empty():
        return
    found = lines_to_rescope(con, documents).sort(KEY)
    _append_as_centrals(con, found, "rescope", cycle)


def turned(merged: pl.DataFrame) -> pl.DataFrame:
    """Those of the merged records that are somebody else's now, about somebody else, or of another part."""
    differs = [~pl.col(f"held_{name}").eq_missing(pl.col(f"new_{name}")) for name in ("owner", "about", "part")]
    return merged.filter((pl.col("op") == "upsert") & pl.col("is_held") & pl.any_horizontal(differs))


def alter(con: Connection, records: pl.DataFrame, cycle: int) -> None:
    """Enters rows that central itself altered: whoever has them is sent them, their maker too (R4).

    ``records``: HELD columns and new_owner, new_about, new_part.
    """
    _append_as_centrals(con, records.sort(KEY), "change", cycle)


def take_away(con: Connection, records: pl.DataFrame, cycle: int) -> None:
    """Deletes records (HELD) as central's own change."""
    gone = records.sort(KEY).with_columns(op=pl.lit("delete"), site_id=pl.lit(None, pl.Int64), held_scopes="scopes")
    replicas.remove(con, gone.select(KEY))
    append_entries(con, entries(gone, "change"), cycle)


def rescope(con: Connection, records: pl.DataFrame, cycle: int) -> None:
    """Enters records (as for ``alter``) that did not change but belong to other scopes now."""
    _append_as_centrals(con, records.sort(KEY), "rescope", cycle)


def _append_as_centrals(con: Connection, records: pl.DataFrame, kind: str, cycle: int) -> None:
    if records.is_empty():
        return
    first = last_seq(con) + 1
    changes = records.with_columns(op=pl.lit("upsert"), site_id=pl.lit(None, pl.Int64), held_scopes="scopes")
    put_records(con, described(records.with_columns(seq=pl.int_range(pl.len(), dtype=pl.Int64) + first)))
    append_entries(con, entries(changes, kind), cycle)
