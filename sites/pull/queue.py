"""How much waits at a site: what the next pull would bring (M6)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sites.capture.bookmark import Bookmark
from sites.capture.generations import collectable
from sites.engines.engine import SiteDatabase
from sites.pull.net_changes import log_after
from sites.pull.parts import parts_of, rules_here
from sync_rules.egress import Leaving
from sync_rules.schema import Schema
from sync_rules.words import Op


def queue_lengths(
    db: SiteDatabase, *, since: str | None, schema: Schema, leaving: Mapping[str, Leaving]
) -> dict[str, int]:
    """Records by table that changed past the bookmark ``since`` and leave the site, or newly leave it (P3, P9);
    where it is None, all that leave. What stays at the site is none of them, though a pull says that it stays (B59).

    What a pull reads besides because capture was interrupted is not known before it compares. Raises SiteFailed where
    capture is missing.
    """
    with db.transaction(write=False):
        here = collectable(db, schema).schema
        earlier = Bookmark.of_text(since) if since else None
        log = log_after(db, earlier, None) if earlier else None
        parts = parts_of(db, here, rules_here(leaving, here, {}), log, frozenset())
        coming = ((part.table, part.changes.filter(pl.col("op") != Op.WITHDRAW.value).height) for part in parts)
        return {table: records for table, records in sorted(coming) if records}
