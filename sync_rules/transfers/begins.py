"""Which documents begin a transfer: the initiating halves; and which would, if their other party were a store."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, StoreName
from sync_rules.transfers.frames import FinishedDocument, InitiatingHalf
from sync_rules.transfers.kinds import KINDS, Papers, TransferKind


def initiating_halves(papers: Papers, stores: FrameOf[StoreName]) -> FrameOf[InitiatingHalf]:
    """The documents in ``papers`` that begin a transfer, sorted by table and id.

    ``stores``: the stores that there are, with their own names. ``papers`` must hold the orders that invoices name, for
    an invoice made for an order of the other store begins the second stage of an internal order. A document to its own
    store begins nothing.
    """
    orders = papers["purchase_order"].select(order_id="id", order_store="store_id")
    # of stores that share a name the one with the lowest id is meant
    meant = stores.sort("store_id").unique("name_id", keep="first", maintain_order=True)
    named = meant.select(to_store="store_id", other_name_id="name_id")
    found = [_of_kind(kind, papers[kind.table], named, orders) for kind in KINDS]
    return InitiatingHalf.check(pl.concat([InitiatingHalf.empty(), *found]).sort("table_name", "record_id"))


def finished_documents(papers: Papers) -> FrameOf[FinishedDocument]:
    """The documents in ``papers`` that are at or past the state which begins a transfer, whoever their other party is,
    sorted by table and id."""
    found: list[pl.DataFrame] = [FinishedDocument.empty()]
    for kind in KINDS:
        rows = papers[kind.table]
        typed = rows if kind.type else rows.with_columns(type=pl.lit(None, pl.String))
        found.append(
            FinishedDocument.take(_in_state(kind, typed).with_columns(table_name=pl.lit(kind.table), record_id="id"))
        )
    return FinishedDocument.check(pl.concat(found).unique(RECORD).sort(RECORD))


def _in_state(kind: TransferKind, rows: pl.DataFrame) -> pl.DataFrame:
    is_begun = pl.col("status").is_in(list(kind.statuses))
    return rows.filter(is_begun & (pl.col("type") == kind.type) if kind.type else is_begun)


def _of_kind(kind: TransferKind, rows: pl.DataFrame, stores: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    begun = _in_state(kind, rows)
    if begun.is_empty():
        return InitiatingHalf.empty()
    begun = begun.join(stores, on="other_name_id").filter(pl.col("to_store") != pl.col("store_id"))
    if kind.with_order is not None:
        ordered = begun.join(orders, left_on="purchase_order_id", right_on="order_id", how="left")
        is_theirs = (pl.col("order_store") == pl.col("to_store")).fill_null(False)
        begun = ordered.filter(is_theirs == kind.with_order)
    dates = [name for name in (kind.dated, "created_at") if name in begun.columns]
    is_primarys = pl.col("is_centralised").fill_null(False) if "is_centralised" in begun.columns else pl.lit(False)
    return InitiatingHalf.take(
        begun.with_columns(
            kind=pl.lit(kind.name),
            table_name=pl.lit(kind.table),
            record_id="id",
            from_store="store_id",
            begun_at=pl.coalesce(dates),
            linked_id=kind.link,
            by_primary=is_primarys,
        )
    )
