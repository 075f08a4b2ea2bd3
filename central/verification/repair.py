"""What would put right what a site has otherwise than central (O6, B51)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from central.frames import RepairStep, RowDifference
from central.verification.verification import SiteVerified
from sync_rules.frame import FrameOf
from sync_rules.words import Differs, Mending


@dataclass(frozen=True)
class RepairPlan:
    """``steps`` for one site. ``undecided``: the site's own unlogged edits, of which nobody said yet whose rows hold;
    ``coming``: those of tables that its next pull reads whole anyhow, by which they come in (B57)."""

    site: str
    steps: FrameOf[RepairStep]
    undecided: FrameOf[RowDifference]
    coming: FrameOf[RowDifference]


def plan_repair(found: SiteVerified, take: str | None) -> RepairPlan:
    """What the site may not edit is sent again, or removed there. Its own unlogged edits are taken as its edits, their
    tables read whole (``take`` is `site`), or put right as well (`central`)."""
    differs = found.differences
    is_coming = pl.col("is_own") & pl.col("table_name").is_in(sorted(found.interrupted))
    is_coming &= pl.lit(take != "central")
    coming, left = differs.filter(is_coming), differs.filter(~is_coming)
    own = left.filter("is_own")
    put_right = left if take == "central" else left.filter(~pl.col("is_own"))
    steps = put_right.select(
        pl.when(pl.col("what") == str(Differs.EXTRA))
        .then(pl.lit(str(Mending.REMOVE)))
        .otherwise(pl.lit(str(Mending.CORRECT)))
        .alias("how"),
        "table_name",
        "record_id",
    )
    if take == "site":
        read = own.select("table_name").unique().sort("table_name")
        whole = RepairStep.take(read.with_columns(how=pl.lit(str(Mending.READ)), record_id=pl.lit(None, pl.String)))
        steps = pl.concat([steps, whole])
    undecided = own if take is None else own.clear()
    return RepairPlan(
        found.site.code, RepairStep.take(steps), RowDifference.check(undecided), RowDifference.check(coming)
    )
