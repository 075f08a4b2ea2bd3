"""What is asked of a site about its own transfers, and which halves lost the document they were made of (B30)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sites.capture.bookmark import Bookmark
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote
from sites.frames import OrphanHalf
from sites.own_edits.rights import Editable
from sync_rules.frame import FrameOf
from sync_rules.frames import StoreName
from sync_rules.transfers.kinds import KINDS
from sync_rules.transfers.responds import responding_ids

INITIATING = tuple(sorted({kind.table for kind in KINDS}))
"""The tables whose documents begin transfers."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a site: the place in its log to look from (None: all there is, up to the age limit), what is
    editable, documents ``named`` whatever their age (table_name, record_id), and the moment of the ``limit``."""

    earlier: Bookmark | None
    editable: Editable
    named: pl.DataFrame
    limit: datetime


def unlinked(db: SiteDatabase, asked: Asked, stores: FrameOf[StoreName], touched: set[tuple[str, str]]) -> pl.DataFrame:
    """The halves here that were made of documents deleted since, and name them still (B30)."""
    found: list[pl.DataFrame] = [OrphanHalf.empty()]
    parties = stores.filter(pl.col("store_id").is_in(sorted(asked.editable.stores)))["name_id"]
    for kind in KINDS if asked.earlier else ():
        if (kind.table, "D") not in touched or asked.earlier is None:
            continue
        past, parameters = asked.earlier.entries_after(db)
        gone = db.read(
            f"select distinct record_id from {CHANGE_LOG_TABLE} where {past} and table_name = ? and op = 'D' "
            f"and record_id not in (select id from {quote(kind.table)})",
            (*parameters, kind.table),
            columns=["record_id"],
        ).with_columns(kind=pl.lit(kind.name))
        if gone.is_empty():
            continue
        query, ids = db.id_list(responding_ids(gone))
        here, active = db.id_list(asked.editable.stores)
        names = ["responding_id", "record_id", "party"]
        halves = db.read(
            f"select id as responding_id, {quote(kind.back)} as record_id, other_name_id as party "
            f"from {quote(kind.responding_table)} where id in {query} and store_id in {here}",
            (*ids, *active),
            columns=names,
        )
        # a copy of another site's document that somebody deleted here is put right, and ends nothing
        is_ours = pl.col("party").is_in(parties.implode()) | pl.lit(asked.editable.is_primary)
        named = halves.filter(is_ours).join(gone, on="record_id", how="semi")
        found.append(
            named.select(
                pl.lit(kind.responding_table).alias("table_name"), pl.lit(kind.back).alias("column"),
                record_id="responding_id",
            )
        )  # fmt: skip
    return pl.concat(found)
