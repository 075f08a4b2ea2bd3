"""Documents between a store and its customers and suppliers (data types 25-27, 42, 48, 49, 51, 52, 57-59)."""

from __future__ import annotations

from sites.schema.columns import (
    boolean,
    date,
    decimal,
    integer,
    loose,
    one_of,
    owner,
    part_of,
    refers,
    table,
    text,
    time,
)

# 48 transactions
table(
    "invoice",
    owner(),
    refers("other_name_id", to="name"),
    one_of("type", "customer_invoice", "supplier_invoice", "customer_credit", "supplier_credit"),
    one_of("status", "new", "suggested", "confirmed", "finalised"),
    integer("number"),
    boolean("on_hold"),
    loose("linked_invoice_id", "requisition_id", "purchase_order_id", "goods_received_id"),
    time("created_at", "confirmed_at", "finalised_at"),
    text("their_reference", "comment"),
    refers("transaction_category_id"),
)
table(
    "invoice_line",
    part_of("invoice"),
    refers("item_id"),
    loose("stock_line_id", "location_id"),
    text("batch"),
    date("expiry_date"),
    decimal("pack_size", "packs", "cost_price_per_pack", "sell_price_per_pack"),
    loose("linked_line_id", "purchase_order_line_id"),
)
table(
    "backorder",
    owner(),
    refers("other_name_id", to="name"),
    refers("item_id"),
    loose("invoice_id"),
    decimal("units"),
    time("created_at"),
)
table(
    "build",
    owner(),
    refers("item_id"),
    loose("stock_line_id"),
    one_of("status", "new", "confirmed", "finalised"),
    integer("number"),
    decimal("pack_size", "packs"),
    text("batch"),
    date("expiry_date"),
    time("created_at", "finalised_at"),
)
table("build_line", part_of("build"), refers("item_id"), loose("stock_line_id"), decimal("pack_size", "packs"))

# 49, 51: invoice_note.invoice_id has no foreign key; a note may be older than its invoice's copy
table("invoice_note", owner(), loose("invoice_id"), text("note"), time("noted_at"))
table("box", owner(), loose("invoice_id"), text("code"), decimal("weight_kg", "volume"))
table("box_line", part_of("box"), refers("item_id"), loose("invoice_line_id"), decimal("pack_size", "packs"))

# 42 requisitions
table(
    "requisition",
    owner(),
    refers("other_name_id", to="name"),
    one_of("type", "request", "response", "stock_history"),
    one_of("status", "new", "suggested", "confirmed", "finalised"),
    integer("number"),
    loose("linked_requisition_id"),
    time("created_at", "finalised_at"),
    refers("program_id"),
    refers("period_id"),
    text("comment"),
)
table(
    "requisition_line",
    part_of("requisition"),
    refers("item_id"),
    decimal("requested_units", "supplied_units", "stock_on_hand_units"),
    loose("linked_line_id"),
)
table(
    "customer_stock_history",
    owner(),
    refers("other_name_id", to="name"),
    refers("item_id"),
    decimal("stock_on_hand_units", "used_units"),
    date("counted_date"),
)

# 25, 58 purchase orders; 52 goods received
table(
    "purchase_order",
    owner(),
    refers("other_name_id", to="name"),
    one_of("status", "new", "confirmed", "finalised"),
    integer("number"),
    boolean("is_centralised"),
    loose("linked_invoice_id"),
    time("created_at", "confirmed_at"),
    refers("purchase_order_category_id"),
    refers("currency_id"),
    text("their_reference", "comment"),
)
table(
    "purchase_order_line",
    part_of("purchase_order"),
    refers("item_id"),
    decimal("pack_size", "ordered_packs", "received_packs", "price_per_pack"),
    loose("linked_line_id"),
)
table(
    "goods_received",
    owner(),
    refers("other_name_id", to="name"),
    loose("purchase_order_id", "linked_invoice_id"),
    one_of("status", "new", "confirmed", "finalised"),
    integer("number"),
    boolean("on_hold"),
    time("received_at"),
    text("their_reference"),
)
table(
    "goods_received_line",
    part_of("goods_received"),
    loose("purchase_order_line_id", "linked_line_id"),
    refers("item_id"),
    text("batch"),
    date("expiry_date"),
    decimal("pack_size", "packs", "cost_price_per_pack"),
)

# 26, 57 tenders and quotes; 27, 59 payments (B15: is_centralised on each)
table(
    "tender",
    owner(),
    text("code", "description"),
    one_of("status", "new", "confirmed", "finalised"),
    boolean("is_centralised"),
    date("closing_date"),
    refers("incoterm_id"),
)
table("tender_line", part_of("tender"), refers("item_id"), decimal("pack_size", "packs"), text("specification"))
table(
    "quote",
    owner(),
    refers("other_name_id", to="name"),
    loose("tender_id"),
    boolean("is_centralised"),
    date("quote_date", "valid_until"),
    refers("currency_id"),
)
table("quote_line", part_of("quote"), refers("item_id"), decimal("pack_size", "price_per_pack"), text("comment"))
table(
    "payment",
    owner(),
    refers("other_name_id", to="name"),
    loose("invoice_id"),
    refers("payment_type_id"),
    refers("currency_id"),
    boolean("is_centralised"),
    integer("number"),
    decimal("amount"),
    time("paid_at"),
)
