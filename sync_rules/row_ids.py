"""Ids of rows that are made because of others: derived from those, so that the same row is never made twice."""

from __future__ import annotations

import uuid

import polars as pl


def visibility_ids(pairs: pl.DataFrame) -> pl.Series:
    """The ids of the visibility rows made for new patients (B24): patient_id and store_id are the first two columns."""
    joins = pairs.select(pl.lit("patient_store_join"), pairs.columns[0], pairs.columns[1])
    return ids_of(joins, "id")


def ids_of(keys: pl.DataFrame, name: str) -> pl.Series:
    """A uuid5 for each row of texts, as a series ``name``: the same texts give the same id; null where one is null."""
    ids = [None if None in row else _id_of(row) for row in keys.iter_rows()]
    return pl.Series(name, ids, dtype=pl.String)


def _id_of(texts: tuple[str, ...]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, ":".join(("supplysync", *texts))))
