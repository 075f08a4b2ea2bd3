"""What was dispensed elsewhere of repeats that are edited here is counted off them (B33)."""

from __future__ import annotations

import polars as pl

from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from wire.frames import RepeatCount

_REPEAT, _REMAINING = "repeat", "remaining"
_STAGE = "supplysync_counts"


def count_off(db: SiteDatabase, schema: Schema, counts: FrameOf[RepeatCount]) -> None:
    """Take ``counts`` off what remains of the repeats that the site has; it may come to less than nothing. Part of the
    caller's transaction, unmarked: the site's own edit. Where nobody counts, nothing is done."""
    if counts.is_empty() or not schema.has(_REPEAT, _REMAINING):
        return
    require_capture(db, [_REPEAT])
    db.stage(_STAGE, counts.select(pl.col("repeat_id").alias("id"), pl.col("times").cast(pl.String)))
    times = f"select cast(s.times as bigint) from {_STAGE} as s where s.id = {_REPEAT}.id"
    is_counted = f"id in (select id from {_STAGE}) and {db.whole_number(_REMAINING)}"
    try:
        db.execute(f"update {_REPEAT} set {_REMAINING} = {_REMAINING} - ({times}) where {is_counted}")
    except SiteFailed as error:
        raise error.at(_REPEAT) from None
    db.unstage(_STAGE)
