"""Which documents begin a transfer: the initiating halves."""

from __future__ import annotations

import polars as pl

from sync_rules.transfers.kinds import KINDS, Papers

INITIATED = {
    "kind": pl.String(),
    "table_name": pl.String(),
    "record_id": pl.String(),
    "from_store": pl.String(),
    "to_store": pl.String(),
    "begun_at": pl.Datetime("us", "UTC"),  # as the document says; null where it does not
    "linked_id": pl.String(),  # the responding half that the document names, or null
    "by_primary": pl.Boolean(),  # the document is primary's, whichever store it is for (X4)
}
"""Documents that begin a transfer, one row each: the initiating halves."""


def initiated(papers: Papers, stores: pl.DataFrame) -> pl.DataFrame:
    """The INITIATED frame of the documents in ``papers`` that begin a transfer, sorted by table and id.

    ``stores``: STORES. ``papers`` must hold the orders that invoices name, for an invoice made for an order of the
    other store begins the second stage of an internal order. A document to its own store begins nothing.
    """
    orders = papers["purchase_order"].select(order_id="id", order_store="store_id")
    found = [pl.DataFrame(schema=INITIATED)]
    for kind in KINDS:
        rows = papers[kind.table].filter(pl.col("status").is_in(list(kind.statuses)))
        if kind.type:
            rows = rows.filter(pl.col("type") == kind.type)
        if rows.is_empty():
            continue
        named = rows.join(
            _first(stores, "name_id").select(to_store="store_id", other_name_id="name_id"), on="other_name_id"
        ).filter(pl.col("to_store") != pl.col("store_id"))
        if kind.with_order is not None:
            ordered = named.join(orders, left_on="purchase_order_id", right_on="order_id", how="left")
            is_theirs = (pl.col("order_store") == pl.col("to_store")).fill_null(False)
            named = ordered.filter(is_theirs == kind.with_order)
        dates = [name for name in (kind.dated, "created_at") if name in named.columns]
        found.append(
            named.select(
                kind=pl.lit(kind.name),
                table_name=pl.lit(kind.table),
                record_id="id",
                from_store="store_id",
                to_store="to_store",
                begun_at=pl.coalesce(dates),
                linked_id=kind.link,
                by_primary=pl.col("is_centralised").fill_null(False) if "is_centralised" in named.columns else False,
            ).cast(INITIATED)  # type: ignore[arg-type]
        )
    return pl.concat(found).sort("table_name", "record_id")


def _first(stores: pl.DataFrame, column: str) -> pl.DataFrame:
    """Of stores that share a name the one with the lowest id is meant."""
    return stores.sort("store_id").unique(column, keep="first", maintain_order=True)
