"""Rows that were read whole from a site which was read before: what became of their records since (P9).

Nobody made such a row now: it is what the site has. Where central holds something later, which is still to be delivered
there, the row is a copy of before and no edit.
"""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE
from warehouse.connection import Connection, query, registered
from warehouse.frames import BatchChange, ReadWhole
from warehouse.statements import statement


def since_delivery(con: Connection, changes: FrameOf[BatchChange]) -> FrameOf[ReadWhole]:
    """For each row of ``changes`` that was read whole in this cycle: what happened to its record since the last change
    set that the site applied. No row where nothing did, and of a site's first contact."""
    whole = changes.filter(pl.col("is_snapshot") & pl.col("waiting_since").is_null())
    if whole.is_empty():
        return ReadWhole.empty()
    with registered(con, whole=whole.select("entry", *CHANGE)):
        return ReadWhole.check(query(con, statement("since_last_delivery")))
