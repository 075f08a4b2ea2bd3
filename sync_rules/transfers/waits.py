"""Why a transfer has no responding half yet."""

from __future__ import annotations

from datetime import datetime

import polars as pl

BY_HAND_ALONE = ("party_was_no_store", "too_old_to_begin")
"""What begins when an operator says so, and not by itself (X6, B60)."""
BY_HAND = (*BY_HAND_ALONE, "half_missing")
"""What an operator may begin."""


def is_within_limit(now: datetime, age_limit_months: int) -> pl.Expr:
    """Whether a document that began its transfer at begun_at is not too old; one without a date is."""
    oldest = pl.lit(now).cast(pl.Datetime("us", "UTC")).dt.offset_by(f"-{age_limit_months}mo")
    return (pl.col("begun_at") >= oldest).fill_null(False)


def wait_code(now: datetime, age_limit_months: int) -> pl.Expr:
    """Why a transfer has no responding half yet, as a code of WAITS; null where nothing is in the way.

    Of a frame with is_unsettled (the edit that corrects the receiver still waits), is_history (the document was
    finished before its other party was a store), begun_at, is_snapshot (it was read whole, not from the log),
    is_disabled (the responding store), from_site, to_site (where the stores are active, or null), initiating_site
    (where the document is edited), is_contacted (the responding site), is_missing (the document names a half that
    nobody has), is_taken (the id of the half is another record's).
    """
    cases = (
        (pl.col("is_unsettled"), "receiver_corrected"),
        (pl.col("is_history"), "party_was_no_store"),
        (pl.col("is_snapshot") & ~is_within_limit(now, age_limit_months), "too_old_to_begin"),
        (pl.col("is_disabled"), "store_disabled"),
        (pl.col("from_site").is_null() | pl.col("to_site").is_null(), "store_not_placed"),
        (pl.col("is_missing"), "half_missing"),
        (pl.col("initiating_site") == pl.col("to_site"), "at_its_site"),
        (~pl.col("is_contacted"), "site_not_contacted"),
        (pl.col("is_taken"), "id_taken"),
    )
    return pl.coalesce(*(pl.when(condition).then(pl.lit(code)) for condition, code in cases), pl.lit(None, pl.String))
