"""Transfers: which documents begin one, and the responding halves that are made of them (spec section 8).

Pure and set-based. The server asks it for stores on two sites, the site step for two stores on one (X1). A kind of
transfer is a line of ``KINDS``; nothing below names one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from sync_rules.row_ids import ids_of
from sync_rules.schema import Schema

Papers = Mapping[str, pl.DataFrame]
"""Whole rows of documents and of lines, by table."""

STORES = {"store_id": pl.String(), "name_id": pl.String()}
"""The stores that there are, and the names by which documents name them as the other party."""

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

_LONGEST_WORDS = 250
"""A reference quotes no more of the other's words: it must not outgrow what a text may hold (B9), stage by stage."""

NO_NUMBER = -1
"""What a responding half has for a number until its site gives it one (B24)."""


@dataclass(frozen=True)
class Kind:
    """One kind of transfer.

    Begins when a document of ``table`` (and ``type``, if it has types) between two stores has one of ``statuses``;
    ``dated`` says since when. ``with_order``: the document must name an order of the other store, or must not.
    ``link`` is the initiating half's column that names the responding one, ``back`` the responding half's column that
    names the initiating one. ``header`` and ``line``: what the responding half and its lines copy, by their column.
    ``reference``: the column that says in words where it comes from; the initiating half is ``called`` so there.
    """

    name: str
    table: str
    type: str | None
    statuses: tuple[str, ...]
    dated: str
    with_order: bool | None
    responding_table: str
    responding_type: str | None
    link: str
    back: str
    reference: str
    called: str
    header: Mapping[str, str]
    line: Mapping[str, str]
    is_on_hold: bool = False
    their_words: str | None = "their_reference"

    @property
    def line_table(self) -> str:
        """The table of the initiating half's lines."""
        return f"{self.table}_line"

    @property
    def responding_line_table(self) -> str:
        """The table of the responding half's lines."""
        return f"{self.responding_table}_line"


_TOO_MUCH = 10**9  # with six decimals, more digits than a quantity may have (B9)

_BATCH = {name: name for name in ("item_id", "batch", "expiry_date", "pack_size", "packs")}
_GOODS = {**_BATCH, "cost_price_per_pack": "sell_price_per_pack", "linked_line_id": "id"}
_STOCK = {**_GOODS, "sell_price_per_pack": "sell_price_per_pack"}
_ASKED = {name: name for name in ("item_id", "requested_units", "stock_on_hand_units")}

KINDS = (
    Kind("stock_transfer", "invoice", "customer_invoice", ("finalised",), "finalised_at", False,
         "invoice", "supplier_invoice", "linked_invoice_id", "linked_invoice_id", "their_reference", "invoice",
         {"comment": "comment"}, _STOCK, is_on_hold=True),
    Kind("stock_return", "invoice", "supplier_credit", ("finalised",), "finalised_at", None,
         "invoice", "customer_credit", "linked_invoice_id", "linked_invoice_id", "their_reference", "return",
         {"comment": "comment"}, _STOCK, is_on_hold=True),
    Kind("requisition", "requisition", "request", ("finalised",), "finalised_at", None,
         "requisition", "response", "linked_requisition_id", "linked_requisition_id", "comment", "requisition",
         {"program_id": "program_id", "period_id": "period_id"}, {**_ASKED, "linked_line_id": "id"},
         their_words="comment"),
    Kind("internal_order", "purchase_order", None, ("confirmed", "finalised"), "confirmed_at", None,
         "invoice", "customer_invoice", "linked_invoice_id", "purchase_order_id", "their_reference", "purchase order",
         {"comment": "comment"},
         {"item_id": "item_id", "pack_size": "pack_size", "packs": "ordered_packs",
          "sell_price_per_pack": "price_per_pack", "purchase_order_line_id": "id"}),
    Kind("internal_order_goods", "invoice", "customer_invoice", ("finalised",), "finalised_at", True,
         "goods_received", None, "goods_received_id", "linked_invoice_id", "their_reference", "invoice",
         {"purchase_order_id": "purchase_order_id"}, {**_GOODS, "purchase_order_line_id": "purchase_order_line_id"}),
)  # fmt: skip
"""The kinds of section 8. Returns go by the rule of stock transfers, the other way round."""

BY_NAME = {kind.name: kind for kind in KINDS}

HEADERS = tuple(sorted({table for kind in KINDS for table in (kind.table, kind.responding_table)}))
"""The tables whose records can be halves of a transfer."""

LOG_TABLE = "transfer_log"
LOG_COLUMNS = {table: f"{table}_id" for table in HEADERS}
"""The column by which a log message names the initiating half, by the half's table."""


def counter(table: str) -> str | None:
    """The column that holds the kind of a document's number (B25); None: the kind is the name of the table."""
    has_type = any(
        (kind.type if kind.table == table else kind.responding_type) is not None
        for kind in KINDS
        if table in (kind.table, kind.responding_table)
    )
    return "type" if has_type else None


@dataclass(frozen=True)
class HalfCondition:
    """When a row of a table may be a half of a transfer: all of ``values`` hold (column: what it may be) and the
    column ``filled``, if any, is not null."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filled: str | None = None


def _halves() -> Mapping[str, tuple[HalfCondition, ...]]:
    found: dict[str, list[HalfCondition]] = {table: [] for table in HEADERS}
    for kind in KINDS:
        own = {"type": (kind.type,)} if kind.type else {}
        found[kind.table].append(HalfCondition({**own, "status": kind.statuses}))
        theirs = {"type": (kind.responding_type,)} if kind.responding_type else {}
        found[kind.responding_table].append(HalfCondition(theirs, kind.back))
    return {table: tuple(conditions) for table, conditions in found.items()}


HALVES = _halves()
"""By table: a row whose other party is a store is a half of a transfer where one of these holds (B22, T6)."""


def is_half(table: str, parties: Collection[str]) -> tuple[pl.Expr, tuple[str, ...]]:
    """Whether a row of ``table`` is a half of a transfer, or a message about one; and the columns that say so.

    ``parties``: the ids of the names of stores.
    """
    if table not in HALVES:
        return pl.lit(table == LOG_TABLE), ()
    met, columns = pl.lit(False), {"other_name_id"}
    for condition in HALVES.get(table, ()):
        one = pl.lit(True)
        for column, allowed in condition.values.items():
            one = one & pl.col(column).is_in(list(allowed)).fill_null(False)
        if condition.filled:
            one = one & pl.col(condition.filled).is_not_null()
        met = met | one
        columns |= {*condition.values, *([condition.filled] if condition.filled else [])}
    is_stores = pl.col("other_name_id").is_in(sorted(parties)).fill_null(False)
    return met & is_stores, tuple(sorted(columns))


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


def waits(now: datetime, age_limit_months: int) -> pl.Expr:
    """Why a transfer has no responding half yet, as a code of WAITS; null where nothing is in the way.

    Of a frame with begun_at, is_snapshot (the document was read whole, not from the log), is_disabled (the responding
    store), from_site, to_site (where the stores are active, or null), initiating_site (where the document is edited),
    is_contacted (the responding site), is_missing (the document names a half that nobody has), is_taken (the id of the
    half is another record's).
    """
    oldest = pl.lit(now).cast(pl.Datetime("us", "UTC")).dt.offset_by(f"-{age_limit_months}mo")
    cases = (
        (pl.col("is_snapshot") & (pl.col("begun_at") >= oldest).fill_null(False).not_(), "too_old_to_begin"),
        (pl.col("is_disabled"), "store_disabled"),
        (pl.col("from_site").is_null() | pl.col("to_site").is_null(), "store_not_placed"),
        (pl.col("is_missing"), "half_missing"),
        (pl.col("initiating_site") == pl.col("to_site"), "at_its_site"),
        (~pl.col("is_contacted"), "site_not_contacted"),
        (pl.col("is_taken"), "id_taken"),
    )
    return pl.coalesce(*(pl.when(condition).then(pl.lit(code)) for condition, code in cases), pl.lit(None, pl.String))


def responding_ids(begun: pl.DataFrame) -> pl.Series:
    """The ids of the responding halves of ``begun`` (kind, record_id): derived, so that none is made twice (X2)."""
    return ids_of(begun.select("kind", "record_id"), "responding_id")


def respond(begun: pl.DataFrame, papers: Papers, stores: pl.DataFrame, schema: Schema, now: datetime) -> Papers:
    """The responding halves of ``begun`` (INITIATED): whole rows of headers and lines by table, each sorted by id.

    ``papers``: the initiating halves with their lines, the orders that they name with their lines, the requisitions
    that they name. ``stores``: STORES. Numbers are NO_NUMBER. Frames have the columns of ``schema``, secrets left out.
    """
    made: dict[str, list[pl.DataFrame]] = {}
    for kind in KINDS:
        own = begun.filter(pl.col("kind") == kind.name)
        if own.is_empty():
            continue
        own = own.with_columns(responding_id=responding_ids(own))
        headers = _headers(kind, own, papers, stores, now)
        lines = _lines(kind, own, papers)
        made.setdefault(kind.responding_table, []).append(_whole(headers, kind.responding_table, schema))
        made.setdefault(kind.responding_line_table, []).append(_whole(lines, kind.responding_line_table, schema))
    return {table: pl.concat(frames).sort("id") for table, frames in sorted(made.items())}


def _headers(kind: Kind, own: pl.DataFrame, papers: Papers, stores: pl.DataFrame, now: datetime) -> pl.DataFrame:
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


def _reference(kind: Kind) -> pl.Expr:
    """The words `from invoice 17 (their text)`."""
    number = pl.when(pl.col("number") > 0).then(pl.format(" {}", "number")).otherwise(pl.lit(""))
    words = pl.col(kind.their_words).str.strip_chars() if kind.their_words else pl.lit(None, pl.String)
    is_long = words.str.len_chars() > _LONGEST_WORDS
    short = pl.when(is_long).then(pl.concat_str(words.str.head(_LONGEST_WORDS), pl.lit("..."))).otherwise(words)
    theirs = pl.when(words != "").then(pl.format(" ({})", short)).otherwise(pl.lit(""))
    return pl.concat_str(pl.lit(f"from {kind.called}"), number, theirs.fill_null(""))


def _lines(kind: Kind, own: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    parent = f"{kind.table}_id"
    rows = papers[kind.line_table].join(own.select("responding_id", **{parent: "record_id"}), on=parent)
    if kind.with_order:
        rows = _tied_to_orders(rows, papers)
    rows = rows.with_columns(
        new_id=ids_of(rows.select(pl.lit(f"{kind.name}:line").alias("kind"), "id"), "new_id"),
    )
    return rows.select(
        id="new_id",
        **{f"{kind.responding_table}_id": pl.col("responding_id")},
        **{column: pl.col(source) for column, source in kind.line.items()},
    )


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


def _whole(rows: pl.DataFrame, table: str, schema: Schema) -> pl.DataFrame:
    """Every column of the table: those not given are null."""
    return rows.select(
        (pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, kind).alias(name))
        for name, kind in schema.frame_schema(table).items()
    )


def received(order_lines: pl.DataFrame, goods_lines: pl.DataFrame) -> pl.DataFrame:
    """The id and received_packs of the order lines, from all goods-received lines that name them (X3).

    ``order_lines``: id, pack_size. ``goods_lines``: purchase_order_line_id, pack_size, packs. In packs of the order
    line, rounded to six decimals; nothing received is 0, and more than a site can hold (B9) is null.
    """
    exact = pl.Decimal(38, 6)
    units = (
        goods_lines.with_columns(pl.col("pack_size", "packs").cast(exact).fill_null(0))
        .group_by(id="purchase_order_line_id")
        .agg(units=(pl.col("packs") * pl.col("pack_size")).sum())
    )
    size = pl.when(pl.col("pack_size") != 0).then(pl.col("pack_size").cast(exact)).otherwise(pl.lit(1).cast(exact))
    return (
        order_lines.join(units, on="id", how="left", maintain_order="left")
        .select("id", received_packs=(pl.col("units").fill_null(0) / size).cast(pl.Decimal(18, 6), strict=False))
        .with_columns(pl.when(pl.col("received_packs").abs() < _TOO_MUCH).then("received_packs"))
        .sort("id")
    )


def log_messages(halves: pl.DataFrame, schema: Schema, now: datetime) -> pl.DataFrame:
    """The log messages about initiating halves, written where the responding half is (section 8): transfer_log rows.

    ``halves``: kind, record_id (the initiating half), to_store, from_name (id of the initiating store's name), number
    (of the responding half). One message a half: its id is derived.
    """
    tables = {kind.name: kind.table for kind in KINDS}
    words = {kind.name: f"{kind.called} arrived; here it is {_spoken(kind)} " for kind in KINDS}
    named = halves.with_columns(
        table_name=pl.col("kind").replace_strict(tables, return_dtype=pl.String),
        said=pl.col("kind").replace_strict(words, return_dtype=pl.String),
    )
    rows = named.select(
        ids_of(named.select(pl.concat_str(pl.lit("transfer_log:"), "table_name").alias("kind"), "record_id"), "id"),
        store_id="to_store",
        other_name_id="from_name",
        **{column: pl.when(pl.col("table_name") == table).then("record_id") for table, column in LOG_COLUMNS.items()},
        message=pl.concat_str("said", pl.col("number").cast(pl.String)),
        logged_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
    )
    return _whole(rows, LOG_TABLE, schema).sort("id")


def _spoken(kind: Kind) -> str:
    return (kind.responding_type or kind.responding_table).replace("_", " ")


WAITS: Mapping[str, tuple[str, str]] = {
    "too_old_to_begin": (
        "X6", "the document came with a first contact or a restore and is older than transfer_age_limit_months: "
              "nothing is made of it unless somebody says so (`supplysync transfers begin ID`)"),
    "store_disabled": ("X5", "the store that would respond is disabled: nobody there would take what is made for it"),
    "store_not_placed": ("B28", "topology.toml does not say where one of the two stores is active"),
    "site_not_contacted": (
        "X2", "the site of the store that would respond was never pulled: it is not known what it has already"),
    "half_missing": (
        "X2", "the document names a responding half that central does not hold: it may still come"),
    "at_its_site": ("X1", "both stores are active on one site, which makes the responding half itself"),
    "id_taken": ("X2", "another record has the id that the responding half would have: nothing is made over it"),
}  # fmt: skip
"""Why there is no responding half yet, by reason code: the rule behind it, and words for people."""
