"""Halves of transfers that lost the document they were made of (B30)."""

from __future__ import annotations

import polars as pl

from sites.capture.bookmark import Bookmark
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote
from sites.frames import HalfOrphan
from sites.own_edits.transfers.inquiry import Inquiry
from sync_rules.frame import FrameOf
from sync_rules.frames import StoreName
from sync_rules.transfers.kinds import TransferKind
from sync_rules.transfers.responds import moved_ids, responding_ids


def orphan_halves(
    db: SiteDatabase, inquiry: Inquiry, stores: FrameOf[StoreName], touched: set[tuple[str, str]]
) -> pl.DataFrame:
    """The halves here whose initiating document was deleted since, and which still name it: HalfOrphan.

    ``touched``: (table, op) of the log's entries, such as ("invoice", "D").
    """
    found: list[pl.DataFrame] = [HalfOrphan.empty()]
    parties = stores.filter(pl.col("store_id").is_in(sorted(inquiry.rights.stores)))["name_id"]
    for kind in inquiry.kinds:
        if inquiry.earlier is None or (kind.table, "D") not in touched:
            continue
        gone = _deleted(db, kind, inquiry.earlier)
        if gone.is_empty():
            continue
        halves = _halves(db, kind, gone, inquiry)
        # a copy of another site's document that somebody deleted here is put right, and ends nothing
        is_ours = pl.col("party").is_in(parties.implode()) | pl.lit(inquiry.rights.is_primary)
        named = halves.filter(is_ours).join(gone, on="record_id", how="semi")
        found.append(named.select(table_name=pl.lit(kind.responding_table), column=pl.lit(kind.back), record_id="id"))
    return pl.concat(found)


def _deleted(db: SiteDatabase, kind: TransferKind, earlier: Bookmark) -> pl.DataFrame:
    """kind, record_id of the initiating documents that were deleted since, and that are not there again."""
    past, parameters = earlier.entries_after(db)
    deleted = db.read(
        f"select distinct record_id from {CHANGE_LOG_TABLE} where {past} and table_name = ? and op = 'D' "
        f"and record_id not in (select id from {quote(kind.table)})",
        (*parameters, kind.table),
        columns=["record_id"],
    )
    return deleted.with_columns(kind=pl.lit(kind.name))


def _halves(db: SiteDatabase, kind: TransferKind, gone: pl.DataFrame, inquiry: Inquiry) -> pl.DataFrame:
    """id, record_id, party: the halves of stores here that were made of those documents, and what they name by now."""
    stores = pl.Series("to_store", sorted(inquiry.rights.stores), dtype=pl.String)
    moved = moved_ids(gone.join(stores.to_frame(), how="cross"))
    query, ids = db.id_list(pl.concat([responding_ids(gone), moved]))
    here, active = db.id_list(inquiry.rights.stores)
    return db.read(
        f"select id, {quote(kind.back)} as record_id, other_name_id as party "
        f"from {quote(kind.responding_table)} where id in {query} and store_id in {here}",
        (*ids, *active),
        columns=["id", "record_id", "party"],
    )
