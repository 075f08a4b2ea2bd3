"""The transfers that central knows, with stores that are in no report too, and what was logged about them."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from sync_rules.transfers.kinds import LOG_COLUMNS
from warehouse.connection import Connection, first, query, quote

_IN_ORDER = "order by is_under_way(state) desc, begun_at, initiating_id, kind"


def every(con: Connection) -> pl.DataFrame:
    """All transfers, as the view `reports.begun_transfer` has them: those under way first, the oldest first."""
    return query(con, f"select * from reports.begun_transfer {_IN_ORDER}")


def begun_by(con: Connection, table: str, record_id: str | None) -> pl.DataFrame:
    """Those that a record is the initiating half of."""
    return query(
        con,
        f"select * from reports.begun_transfer where table_name = ? and initiating_id = ? {_IN_ORDER}",
        [table, record_id],
    )


def answered_by(con: Connection, table: str, record_id: str | None) -> pl.DataFrame:
    """Those that a record is the responding half of."""
    return query(
        con,
        f"select * from reports.begun_transfer where responding_table = ? and responding_id = ? {_IN_ORDER}",
        [table, record_id],
    )


def made_for(con: Connection, requisition_id: str | None) -> pl.DataFrame:
    """Those of invoices that were made for a requisition."""
    return query(con, f"select * from reports.begun_transfer where requisition_id = ? {_IN_ORDER}", [requisition_id])


def receipt_number(con: Connection, goods_received_id: str | None, store_id: str) -> int | None:
    """The number of the supplier invoice that a store made of goods received; None where there is none (B42)."""
    row = first(
        con,
        "select max(number) from replica.invoice where type = 'supplier_invoice' and goods_received_id = ? and "
        "store_id = ?",
        [goods_received_id, store_id],
    )
    return row[0] if row else None


def units(con: Connection, table: str, record_id: str) -> Decimal:
    """The units of a document's lines, of goods."""
    row = first(
        con,
        f"select coalesce(sum(units(packs, pack_size)), 0) from replica.{quote(f'{table}_line')} where "
        f"{quote(f'{table}_id')} = ?",
        [record_id],
    )
    return Decimal(row[0]) if row else Decimal(0)


def log(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """store_code, message, logged_at of the log messages about an initiating half."""
    return query(
        con,
        "select store.code as store_code, log.message, log.logged_at from replica.transfer_log as log "
        f"left join replica.store as store on store.id = log.store_id where log.{quote(LOG_COLUMNS[table])} = ? "
        "order by log.logged_at, log.id",
        [record_id],
    )
