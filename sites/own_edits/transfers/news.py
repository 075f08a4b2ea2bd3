"""What people wrote at a site since its last pull, and central has not judged, as far as transfers ask for it."""

from __future__ import annotations

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.own_edits.transfers.inquiry import Inquiry

_ORDER = "purchase_order"


def new_stores(db: SiteDatabase, inquiry: Inquiry) -> pl.Series:
    """The stores whose records people made or changed here since: which documents were finished before that, and begin
    nothing (B60), central knows, which names the others."""
    if inquiry.earlier is None:
        return pl.Series("record_id", [], dtype=pl.String)
    past, parameters = inquiry.earlier.entries_after(db)
    sql = f"select distinct record_id from {CHANGE_LOG_TABLE} where {past} and table_name = 'store'"
    return db.read(sql, parameters, columns=["record_id"])["record_id"]


def answering_unjudged(db: SiteDatabase, invoices: pl.DataFrame, inquiry: Inquiry) -> pl.Series:
    """The ids of invoices for orders that people wrote here since, of which central decides first (B37)."""
    named = invoices.filter(pl.col("purchase_order_id").is_not_null())
    if inquiry.earlier is None or _ORDER not in inquiry.judged_first or named.is_empty():
        return named["id"].clear()
    past, parameters = inquiry.earlier.entries_after(db)
    sql = f"select distinct record_id from {CHANGE_LOG_TABLE} where {past} and table_name = ?"
    written = db.read(sql, (*parameters, _ORDER), columns=["record_id"])["record_id"]
    return named.filter(pl.col("purchase_order_id").is_in(written.implode()))["id"]
