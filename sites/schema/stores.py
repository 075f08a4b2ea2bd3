"""Stores, their stock and what is written about it (data types 30, 31, 41 to 51, 53 to 56)."""

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
    secret,
    table,
    text,
    time,
)

# 30, 31: store_preference.id is the store's id; include_transactions is in store_site (B22)
table(
    "store",
    text("code"),
    refers("name_id"),
    one_of("mode", "store", "dispensary"),
    date("created_date"),
    boolean("is_disabled"),
)
table(
    "store_preference",
    boolean("show_new_patients"),
    integer("amc_months"),
    decimal("min_months", "max_months"),
)
table("site", text("code", "name"), one_of("kind", "desktop", "mobile"))
table(
    "store_site",
    loose("site_id", "store_id"),
    one_of("sync_type", "active", "collector", "transfer"),
    boolean("include_transactions", "resync_patients_on_save"),
)

# 43, 44 locations
table(
    "location",
    owner(),
    text("code", "name"),
    boolean("on_hold"),
    refers("location_type_id"),
    decimal("volume"),
)
table("location_merge", owner(), loose("kept_id", "merged_id"), time("merged_at"))

# 45 stock and replenishments
table(
    "stock_line",
    owner(),
    refers("item_id"),
    loose("location_id"),
    text("batch"),
    date("expiry_date"),
    decimal("pack_size", "total_packs", "available_packs", "cost_price_per_pack", "sell_price_per_pack"),
    boolean("on_hold"),
    refers("supplier_name_id", to="name"),
)
table(
    "replenishment",
    owner(),
    integer("number"),
    one_of("status", "new", "finalised"),
    time("created_at", "finalised_at"),
    text("comment"),
)
table(
    "replenishment_line",
    part_of("replenishment"),
    refers("item_id"),
    loose("from_stock_line_id", "to_stock_line_id"),
    decimal("pack_size", "packs"),
)

# 46 stocktakes and inventory adjustments
table(
    "stocktake",
    owner(),
    integer("number"),
    one_of("status", "new", "confirmed", "finalised"),
    time("created_at", "finalised_at"),
    text("description"),
)
table(
    "stocktake_line",
    part_of("stocktake"),
    loose("stock_line_id"),
    refers("item_id"),
    decimal("snapshot_packs", "counted_packs", "pack_size"),
    refers("reason_id", to="reason_option"),
    text("batch"),
    date("expiry_date"),
)
table(
    "inventory_adjustment",
    owner(),
    one_of("type", "gain", "loss"),
    integer("number"),
    one_of("status", "new", "confirmed", "finalised"),
    time("created_at", "finalised_at"),
    loose("stocktake_id"),
    text("comment"),
)
table(
    "inventory_adjustment_line",
    part_of("inventory_adjustment"),
    refers("item_id"),
    loose("stock_line_id"),
    decimal("pack_size", "packs"),
    refers("reason_id", to="reason_option"),
)

# 41, 47, 50, 53 to 56
table("name_note", owner(), refers("name_id"), text("note"), time("noted_at"))
table("item_note", owner(), refers("item_id"), text("note"), time("noted_at"))
table("amc_projection", owner(), refers("item_id"), decimal("amc_units"), date("valid_from"))
table("indicator_value", owner(), refers("indicator_id"), refers("period_id"), text("value"))
table(
    "vaccine_monitor",
    owner(),
    loose("location_id"),
    text("code", "model"),
    integer("stage"),
    date("read_date"),
)
table(
    "sensor",
    owner(),
    loose("location_id"),
    text("serial", "name"),
    boolean("is_active"),
    date("battery_date"),
)
table(
    "asset",
    owner(),
    refers("asset_category_id"),
    loose("location_id"),
    text("code", "serial", "status"),
    date("installed_date", "replacement_date"),
)
table("store_credential", owner(), text("kind", "login"), secret("password"))

# B25: the counters; id = store_id:kind
table("document_number", owner(), text("kind"), integer("last_number"))
