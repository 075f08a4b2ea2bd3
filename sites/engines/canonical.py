"""Checksums of rows that came in batches, put together (O6)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.row_texts import CHECKSUM_MASK
from wire.frames import RangeSum


def added(parts: list[FrameOf[RangeSum]]) -> FrameOf[RangeSum]:
    """The sums of several batches, by range."""
    both = pl.concat([RangeSum.empty(), *parts]).group_by("place").agg(pl.col("rows").sum(), pl.col("checksum").sum())
    # a sum that runs over its 64 bits loses bits above the 60 alone
    return RangeSum.take(both.with_columns(pl.col("checksum") & CHECKSUM_MASK).sort("place"))
