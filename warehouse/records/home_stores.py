"""The home stores of people, where central fills them in (B33)."""

from __future__ import annotations

import polars as pl

from warehouse.records.door import Records


def put_homes(records: Records, subject: str, homes: pl.DataFrame) -> None:
    """Patients or prescribers (``subject``) get their home store: ``homes`` has record_id, owner."""
    if homes.is_empty():
        return
    records.set_column(subject, "home_store_id", homes.select(id="record_id", value="owner"))
    records.alter(homes.select("record_id", "owner", table_name=pl.lit(subject)))
