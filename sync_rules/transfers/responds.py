"""The responding halves that are made of documents which begin a transfer (section 8)."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import StoreName
from sync_rules.row_ids import ids_of
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import CURRENCIES, KINDS, NO_NUMBER, Papers, TransferKind

_LONGEST_WORDS = 250
"""A reference quotes no more of the other's words: it must not outgrow what a text may hold (B9), stage by stage."""


def responding_ids(begun: pl.DataFrame) -> pl.Series:
    """The ids of the responding halves of ``begun`` (kind, record_id): derived, so that none is made twice (X2)."""
    return ids_of(begun.select("kind", "record_id"), "responding_id")


def moved_ids(begun: pl.DataFrame) -> pl.Series:
    """The same of halves that were first made in another store: derived from the store, too (kind, record_id,
    to_store)."""
    return ids_of(begun.select("kind", "record_id", "to_store"), "responding_id")


def made_by_step(halves: pl.DataFrame) -> pl.DataFrame:
    """Those of ``halves`` (kind, record_id, to_store, responding_id) that supplysync made of the documents that they
    answer, and not people: their ids are derived."""
    halves = halves.drop_nulls(["record_id", "to_store"])
    own = halves.with_columns(first=responding_ids(halves), moved=moved_ids(halves))
    is_derived = (pl.col("responding_id") == pl.col("first")) | (pl.col("responding_id") == pl.col("moved"))
    return own.filter(is_derived.fill_null(value=False)).drop("first", "moved")


def respond(begun: pl.DataFrame, papers: Papers, stores: FrameOf[StoreName], schema: Schema, now: datetime) -> Papers:
    """The responding halves of ``begun`` (InitiatingHalf, responding_id): whole rows of headers and lines by table,
    each sorted by id.

    ``papers``: the initiating halves with their lines, the orders that they name with their lines, the requisitions
    that they name, the currencies. ``stores``: those that there are, with their names. Numbers are NO_NUMBER. Frames
    have the columns of ``schema``, secrets left out.
    """
    made: dict[str, list[pl.DataFrame]] = {}
    for kind in KINDS:
        own = begun.filter(pl.col("kind") == kind.name)
        if own.height:
            headers = _headers(kind, own, papers, stores, now)
            made.setdefault(kind.responding_table, []).append(schema.whole_rows(kind.responding_table, headers))
    headers_made = {table: pl.concat(frames).sort("id") for table, frames in sorted(made.items())}
    lines = responding_lines(begun, papers, schema)
    return {**headers_made, **{f"{table}_line": lines[table] for table in headers_made}}


def responding_lines(begun: pl.DataFrame, papers: Papers, schema: Schema) -> Papers:
    """The lines of the responding halves of ``begun`` (kind, record_id, to_store, responding_id), whole rows by the
    table of their document, each sorted by id."""
    made: dict[str, list[pl.DataFrame]] = {}
    for kind in KINDS:
        own = begun.filter(pl.col("kind") == kind.name)
        if own.height:
            lines = schema.whole_rows(kind.responding_line_table, _lines(kind, own, papers))
            made.setdefault(kind.responding_table, []).append(lines)
    return {table: pl.concat(frames).sort("id") for table, frames in sorted(made.items())}


def _headers(
    kind: TransferKind, own: pl.DataFrame, papers: Papers, stores: FrameOf[StoreName], now: datetime
) -> pl.DataFrame:
    rows = own.select("responding_id", "from_store", "to_store", id="record_id").join(papers[kind.table], on="id")
    rows = rows.join(stores.select(from_store="store_id", from_name="name_id"), on="from_store")
    columns = papers[kind.table].columns
    values: dict[str, pl.Expr] = {
        "id": pl.col("responding_id"),
        "store_id": pl.col("to_store"),
        "other_name_id": pl.col("from_name"),
        "status": pl.lit("new"),
        "number": pl.lit(NO_NUMBER, pl.Int64),
        "on_hold": pl.lit(kind.is_on_hold),
        "created_at": pl.lit(now).cast(pl.Datetime("us", "UTC")),
        **{column: pl.col(source) for column, source in kind.header.items()},
        kind.reference: _reference(kind),
        kind.back: pl.col("id"),
    }
    if kind.responding_type:
        values["type"] = pl.lit(kind.responding_type)
    if kind.table == kind.responding_table and "requisition_id" in columns:
        # an issue made for a response arrives for the request that the response answers
        asked = papers["requisition"].select(requisition_id="id", asked_id="linked_requisition_id")
        rows = rows.join(asked, on="requisition_id", how="left", maintain_order="left")
        values["requisition_id"] = pl.col("asked_id")
    return rows.select(**values)


def _reference(kind: TransferKind) -> pl.Expr:
    """The words `from invoice 17 (their text)`."""
    number = pl.when(pl.col("number") > 0).then(pl.format(" {}", "number")).otherwise(pl.lit(""))
    words = pl.col(kind.their_words).str.strip_chars() if kind.their_words else pl.lit(None, pl.String)
    is_long = words.str.len_chars() > _LONGEST_WORDS
    short = pl.when(is_long).then(pl.concat_str(words.str.head(_LONGEST_WORDS), pl.lit("..."))).otherwise(words)
    theirs = pl.when(words != "").then(pl.format(" ({})", short)).otherwise(pl.lit(""))
    return pl.concat_str(pl.lit(f"from {kind.called}"), number, theirs.fill_null(""))


def _lines(kind: TransferKind, own: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    parent = f"{kind.table}_id"
    is_moved = pl.col("responding_id") != responding_ids(own)
    store = pl.when(is_moved).then(pl.format("{}:", "to_store")).otherwise(pl.lit("")).alias("of_store")
    rows = papers[kind.line_table].join(own.select("responding_id", store, **{parent: "record_id"}), on=parent)
    if kind.price and "currency_id" in papers[kind.table].columns:
        is_foreign = pl.col(parent).is_in(_in_foreign_money(papers[kind.table], papers[CURRENCIES]).implode())
        rows = rows.with_columns(pl.when(~is_foreign).then(kind.price).alias(kind.price))
    if kind.with_order:
        rows = _tied_to_orders(rows, papers)
    rows = rows.with_columns(
        new_id=ids_of(rows.select(pl.lit(f"{kind.name}:line").alias("kind"), pl.format("{}{}", "of_store", "id")), "id")
    )
    return rows.select(
        id="new_id",
        **{f"{kind.responding_table}_id": pl.col("responding_id")},
        **{column: pl.col(source) for column, source in kind.line.items()},
    )


def _in_foreign_money(documents: pl.DataFrame, currencies: pl.DataFrame) -> pl.Series:
    """The ids of the documents whose prices are in another currency than the home currency: the half has no place for
    what currency a price is in."""
    home = currencies.filter(pl.col("is_home_currency").fill_null(False))["id"]
    is_home = pl.col("currency_id").is_null() | pl.col("currency_id").is_in(home.implode())
    return documents.filter(~is_home)["id"]


def _tied_to_orders(rows: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    """Lines that name no line of the order are tied to the order's only line of their item, where there is just one."""
    orders = papers["invoice"].select(invoice_id="id", purchase_order_id="purchase_order_id")
    only = (
        papers["purchase_order_line"]
        .filter(pl.len().over("purchase_order_id", "item_id") == 1)
        .select("purchase_order_id", "item_id", tied="id")
    )
    return (
        rows.join(orders, on="invoice_id", how="left", maintain_order="left")
        .join(only, on=["purchase_order_id", "item_id"], how="left", maintain_order="left")
        .with_columns(purchase_order_line_id=pl.coalesce("purchase_order_line_id", "tied"))
        .drop("purchase_order_id", "tied")
    )
