"""What a cycle's changes came to, for what follows from them: transfers, the sync report."""

from __future__ import annotations

import polars as pl

from central.frames import EntryKey, News
from sync_rules.frame import FrameOf
from sync_rules.words import Verdict


def news_of(asked: pl.DataFrame, judged: pl.DataFrame, late: pl.DataFrame, held: FrameOf[EntryKey]) -> pl.DataFrame:
    """What was pulled in this cycle, and what waited and is admitted at last.

    ``asked``: all changes of the batch; ``judged``: those with the verdict that counts. What is neither among these nor
    ``late`` (entry) was set aside: an old copy, what its site keeps to itself, what is put right without a word. It is
    admitted, and nothing follows from it; what is ``held`` waits for its release.
    """
    is_held = pl.col("entry").is_in(held["entry"].implode())
    aside = asked.join(judged, on="entry", how="anti").join(late, on="entry", how="anti")
    aside = aside.filter(pl.col("waiting_since").is_null()).with_columns(
        reason=pl.lit("unchanged"),
        verdict=pl.when(is_held).then(pl.lit(str(Verdict.WAITING))).otherwise(pl.lit(str(Verdict.ADMITTED))),
    )
    is_pulled = pl.col("waiting_since").is_null()
    counted = judged.filter(is_pulled | (pl.col("verdict") == str(Verdict.ADMITTED)))
    is_copy = pl.col("is_snapshot") & ~pl.col("is_compared")  # what is found after a gap in capture was edited (B57)
    news = [frame.with_columns(is_snapshot=is_copy, is_pulled=is_pulled) for frame in (counted, aside)]
    return pl.concat([frame.select(News.names()) for frame in news])


def what_came(changes: pl.DataFrame) -> pl.DataFrame:
    """Those of the changes that came in: what is withdrawn stays at its site."""
    return changes.filter(~pl.col("is_withdrawal") | (pl.col("verdict") != str(Verdict.ADMITTED)))
