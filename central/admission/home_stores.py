"""Home stores that nobody named: central fills them in (B33)."""

from __future__ import annotations

import polars as pl

from central.admission.records import alter
from sync_rules.table.data_types import SUBJECTS
from warehouse.connection import Connection
from warehouse.ledger import people
from warehouse.records import replicas

KEY = ["table_name", "record_id"]


def fill_homes(con: Connection, merged: pl.DataFrame, cycle: int) -> None:
    """People without a home store get that of the last prescription among the ``merged`` changes that names them;
    rows that name no home store, though central knows one, are filled in."""
    prescriptions = merged.filter((pl.col("table_name") == "prescription") & (pl.col("op") == "upsert"))
    rows = people.prescriptions(con, prescriptions.select("entry", "record_id")) if prescriptions.height else None
    for subject in SUBJECTS:
        if rows is not None:
            _take_from(con, subject, rows, cycle)
        if merged.filter(pl.col("table_name") == subject).height:
            _fill(con, subject, people.homeless(con, subject), cycle)


def _take_from(con: Connection, subject: str, rows: pl.DataFrame, cycle: int) -> None:
    last = (
        rows.sort("entry").group_by(record_id=f"{subject}_id", maintain_order=True).agg(owner=pl.col("store_id").last())
    )
    last = last.filter(pl.col("record_id").is_not_null() & pl.col("owner").is_not_null())
    held = replicas.held(con, last.select(pl.lit(subject).alias("table_name"), "record_id"))
    without = held.filter(pl.col("owner").is_null()).select("record_id")
    _fill(con, subject, last.join(without, on="record_id"), cycle)


def _fill(con: Connection, subject: str, homes: pl.DataFrame, cycle: int) -> None:
    """``homes``: record_id, owner (the home store)."""
    if homes.is_empty():
        return
    people.set_homes(con, subject, homes)
    held = replicas.held(con, homes.select(pl.lit(subject).alias("table_name"), "record_id"))
    now = held.join(homes.select("record_id", new_owner="owner"), on="record_id")
    alter(con, now.with_columns(new_about="about", new_part="part"), cycle)
