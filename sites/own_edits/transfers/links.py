"""How the halves of a site's own transfers name each other (X2)."""

from __future__ import annotations

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote
from sites.frames import HalfInStore, HalfLink
from sites.own_edits.transfers.inquiry import Inquiry
from sync_rules.frame import FrameOf
from sync_rules.transfers.kinds import KINDS, TransferKind


def response_links(db: SiteDatabase, begun: pl.DataFrame) -> FrameOf[HalfInStore]:
    """The responses that are there, whichever store they are in: documents that name one of ``begun``."""
    found: list[pl.DataFrame] = [HalfInStore.empty()]
    for kind, own in _by_kind(begun):
        query, parameters = db.id_list(own["record_id"])
        of_type = " and type = ?" if kind.responding_type else ""
        back = quote(kind.back)
        rows = db.read(
            f"select {back} as record_id, store_id as in_store, id as responding_id "
            f"from {quote(kind.responding_table)} where {back} in {query}{of_type}",
            (*parameters, *([kind.responding_type] if kind.responding_type else [])),
            columns=["record_id", "in_store", "responding_id"],
        )
        found.append(HalfInStore.take(own.select("kind", "record_id").join(rows, on="record_id")))
    return HalfInStore.check(pl.concat(found))


def missing_back_links(db: SiteDatabase, linked: pl.DataFrame) -> FrameOf[HalfLink]:
    """The links that should be written back: documents of the other store that exactly one of ``linked`` names as its
    response (``linked_id``), and that name none themselves."""
    found: list[pl.DataFrame] = [HalfLink.empty()]
    for kind, own in _by_kind(linked):
        query, parameters = db.id_list(own["linked_id"])
        of_type = " and type = ?" if kind.responding_type else ""
        rows = db.read(
            f"select id as linked_id, store_id as to_store from {quote(kind.responding_table)} "
            f"where {quote(kind.back)} is null and id in {query}{of_type}",
            (*parameters, *([kind.responding_type] if kind.responding_type else [])),
            columns=["linked_id", "to_store"],
        )
        alone = own.filter(pl.len().over("linked_id") == 1).join(rows, on=["linked_id", "to_store"])
        found.append(alone.select("kind", "record_id", responding_id="linked_id"))
    return HalfLink.check(pl.concat(found))


def used_ids(db: SiteDatabase, begun: pl.DataFrame, inquiry: Inquiry) -> pl.Series:
    """The ids that a half would have and that a row has, or had until people deleted it (B30). Of a half that had been
    another store's central knows what was deleted before the last pull: it may come back to where it was."""
    found = [pl.Series("id", [], dtype=pl.String)]
    past, entries = inquiry.earlier.entries_after(db) if inquiry.earlier else ("true", ())
    for kind, own in _by_kind(begun):
        table = kind.responding_table
        ids = db.id_list(own["responding_id"])
        here = db.read(f"select id from {quote(table)} where id in {ids[0]}", ids[1], columns=["id"])
        deleted = f"select record_id as id from {CHANGE_LOG_TABLE} where table_name = ? and op = 'D' and "
        gone = db.read(f"{deleted} record_id in {ids[0]} and {past}", (table, *ids[1], *entries), columns=["id"])
        first = db.id_list(own.filter(~pl.col("is_moved"))["responding_id"])
        before = db.read(f"{deleted} record_id in {first[0]}", (table, *first[1]), columns=["id"])
        found += [rows["id"] for rows in (here, gone, before)]
    return pl.concat(found)


def _by_kind(begun: pl.DataFrame) -> list[tuple[TransferKind, pl.DataFrame]]:
    parts = [(kind, begun.filter(pl.col("kind") == kind.name)) for kind in KINDS]
    return [(kind, own) for kind, own in parts if own.height]
