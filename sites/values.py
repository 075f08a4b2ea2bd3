"""Values of site tables: what is allowed, and how each engine keeps them (B9)."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs


def stored_in_sqlite(frame: pl.DataFrame) -> pl.DataFrame:
    """Typed columns as SQLite keeps them: ISO text for dates and times, 0/1, plain numbers (B9)."""
    return frame.with_columns(
        cs.date().dt.strftime("%Y-%m-%d"),
        cs.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        cs.boolean().cast(pl.Int64),
        cs.decimal().cast(pl.Float64),  # exact: at most 15 significant digits
    )
