"""Home stores that nobody named: central fills them in (B33)."""

from __future__ import annotations

import polars as pl

from sync_rules.table.ownership import SUBJECTS
from warehouse.ledger import people
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from warehouse.records.home_stores import put_homes


def fill_homes(records: Records, admitted: pl.DataFrame) -> None:
    """People without a home store get that of the last prescription among the ``admitted`` changes that names them;
    rows that name no home store, though central knows one, are filled in."""
    prescriptions = admitted.filter((pl.col("table_name") == "prescription") & (pl.col("op") == "upsert"))
    if prescriptions.height:
        rows = people.prescriptions(records.con, prescriptions.select("entry", "record_id"))
    for subject in SUBJECTS:
        if prescriptions.height:
            put_homes(records, subject, _last_named(records, subject, rows))
        if admitted.filter(pl.col("table_name") == subject).height:
            put_homes(records, subject, people.homeless(records.con, subject))


def _last_named(records: Records, subject: str, rows: pl.DataFrame) -> pl.DataFrame:
    """record_id, owner: the store of the last of the prescriptions ``rows`` for each person without a home store."""
    last = (
        rows.sort("entry").group_by(record_id=f"{subject}_id", maintain_order=True).agg(owner=pl.col("store_id").last())
    )
    last = last.filter(pl.col("record_id").is_not_null() & pl.col("owner").is_not_null())
    known = held_records(records.con, last.select(pl.lit(subject).alias("table_name"), "record_id"))
    return last.join(known.filter(pl.col("owner").is_null()), on="record_id", how="semi")
