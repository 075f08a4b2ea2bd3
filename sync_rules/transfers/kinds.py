"""The kinds of transfer between stores, a line each, and which rows are halves of one (spec section 8).

The server goes by them for stores on two sites, the site's own step for two stores on one (X1). A kind of transfer is
a line of ``KINDS``; nothing else in this folder names one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

Papers = Mapping[str, pl.DataFrame]
"""Whole rows of documents and of lines, by table; and of the currencies."""

CURRENCIES = "currency"
"""The table of currencies: a price in one that is not the home currency is not copied."""

NO_NUMBER = -1
"""What a responding half has for a number until its site gives it one (B24)."""


@dataclass(frozen=True)
class TransferKind:
    """One kind of transfer.

    Begins when a document of ``table`` (and ``type``, if it has types) between two stores has one of ``statuses``;
    ``dated`` says since when. ``with_order``: the document must name an order of the other store, or must not.
    ``link`` is the initiating half's column that names the responding one, ``back`` the responding half's column that
    names the initiating one. ``header`` and ``line``: what the responding half and its lines copy, by their column.
    ``reference``: the column that says in words where it comes from; the initiating half is ``called`` so there.
    ``price``: the column of the initiating half's lines that says what the other store pays for a pack: a return costs
    what the goods cost.
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
    price: str | None = None
    their_words: str | None = "their_reference"

    @property
    def line_table(self) -> str:
        """The table of the initiating half's lines."""
        return f"{self.table}_line"

    @property
    def responding_line_table(self) -> str:
        """The table of the responding half's lines."""
        return f"{self.responding_table}_line"


_BATCH = {name: name for name in ("item_id", "batch", "expiry_date", "pack_size", "packs")}
_SELL, _COST, _AGREED = "sell_price_per_pack", "cost_price_per_pack", "price_per_pack"
_GOODS = {**_BATCH, "cost_price_per_pack": _SELL, "linked_line_id": "id"}
_STOCK = {**_GOODS, "sell_price_per_pack": _SELL}
_RETURNED = {**_BATCH, "cost_price_per_pack": _COST, "sell_price_per_pack": _COST, "linked_line_id": "id"}
_ASKED = {name: name for name in ("item_id", "requested_units", "stock_on_hand_units")}

KINDS = (
    TransferKind("stock_transfer", "invoice", "customer_invoice", ("finalised",), "finalised_at", False,
         "invoice", "supplier_invoice", "linked_invoice_id", "linked_invoice_id", "their_reference", "invoice",
         {"comment": "comment"}, _STOCK, is_on_hold=True, price=_SELL),
    TransferKind("stock_return", "invoice", "supplier_credit", ("finalised",), "finalised_at", None,
         "invoice", "customer_credit", "linked_invoice_id", "linked_invoice_id", "their_reference", "return",
         {"comment": "comment"}, _RETURNED, is_on_hold=True, price=_COST),
    TransferKind("requisition", "requisition", "request", ("finalised",), "finalised_at", None,
         "requisition", "response", "linked_requisition_id", "linked_requisition_id", "comment", "requisition",
         {"program_id": "program_id", "period_id": "period_id"}, {**_ASKED, "linked_line_id": "id"},
         their_words="comment"),
    TransferKind("internal_order", "purchase_order", None, ("confirmed", "finalised"), "confirmed_at", None,
         "invoice", "customer_invoice", "linked_invoice_id", "purchase_order_id", "their_reference", "purchase order",
         {"comment": "comment"},
         {"item_id": "item_id", "pack_size": "pack_size", "packs": "ordered_packs",
          "sell_price_per_pack": _AGREED, "purchase_order_line_id": "id"}, price=_AGREED),
    TransferKind("internal_order_goods", "invoice", "customer_invoice", ("finalised",), "finalised_at", True,
         "goods_received", None, "goods_received_id", "linked_invoice_id", "their_reference", "invoice",
         {"purchase_order_id": "purchase_order_id"}, {**_GOODS, "purchase_order_line_id": "purchase_order_line_id"},
         price=_SELL),
)  # fmt: skip
"""The kinds of section 8. Returns go by the rule of stock transfers, the other way round, at what the goods cost."""

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


_COUNTED = ("item_id", "pack_size", "packs", "requested_units")


def deciding_columns(table: str) -> frozenset[str]:
    """The columns of documents and lines of ``table`` that a transfer goes by: whether it begins, between whom, which
    halves are one, and how much of what. What a half merely copies of the other one's words is not among them."""
    found: set[str] = set(LOG_COLUMNS.values()) if table == LOG_TABLE else set()
    for kind in KINDS:
        of_order = {f"{order}_id" for order in ("purchase_order",) if kind.with_order is not None}
        header = {"store_id", "other_name_id", "status", "number"}
        own = {*header, kind.dated, kind.link, *of_order, *(["type"] if kind.type else [])}
        theirs = {*header, kind.back, *(["type"] if kind.responding_type else [])}
        lines = {column: source for column, source in kind.line.items() if column in _COUNTED}
        places = (
            (kind.table, own),
            (kind.responding_table, theirs | ({"on_hold"} if kind.is_on_hold else set())),
            (kind.line_table, set(lines.values())),
            (kind.responding_line_table, set(lines)),
        )
        found |= {column for place, columns in places if place == table for column in columns}
    return frozenset(found)
