"""Ids of rows that are made because of others: derived from those, so that the same row is never made twice."""

from __future__ import annotations

import uuid

import polars as pl


def visibility_ids(pairs: pl.DataFrame) -> pl.Series:
    """The ids of the visibility rows made for new patients (B24): patient_id and store_id are the first two columns."""
    keys = [f"supplysync:patient_store_join:{patient}:{store}" for patient, store in pairs.iter_rows()]
    return pl.Series("id", [str(uuid.uuid5(uuid.NAMESPACE_OID, key)) for key in keys], dtype=pl.String)
