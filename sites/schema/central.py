"""Reference data that every site has: items, names, lists and settings (data types 1 to 24, 32, 33)."""

from __future__ import annotations

from sites.schema.columns import (
    boolean,
    date,
    decimal,
    integer,
    loose,
    one_of,
    part_of,
    refers,
    table,
    text,
    time,
)

# 1 items
table("unit", text("name"))
table("item_category", text("name"))
table(
    "item",
    text("code", "name"),
    refers("unit_id"),
    refers("category_id", to="item_category"),
    decimal("default_pack_size"),
    text("ven_category"),
    boolean("is_vaccine", "is_active"),
)
table("bom_master", text("name"), refers("item_id"), decimal("units_made"))
table("bom_master_line", part_of("bom_master"), refers("item_id"), decimal("units"))

# 2 names, 4 groups and departments, 19 regions
table("region", text("code", "name"))
table("name_category", text("name"))
table("name_group", text("code", "name"))
table("department", text("code", "name"))
table(
    "name",
    text("code", "name"),
    one_of("type", "facility", "store", "supplier", "manufacturer", "donor", "other"),
    boolean("is_customer", "is_supplier"),
    refers("name_category_id"),
    refers("name_group_id"),
    refers("region_id"),
    text("phone", "email", "address"),
)
table("name_tag", text("name"))
table("name_tag_join", refers("name_id"), refers("name_tag_id"))
table("contact", refers("name_id"), text("first_name", "last_name", "position", "phone", "email"))

# 3 merges: the merged record is gone, or not here yet, so neither id is a foreign key (section 7)
for merged in ("item", "unit", "name"):
    table(f"{merged}_merge", loose("kept_id", "merged_id"), time("merged_at"))

# 5 master lists and programmes
table("program", text("code", "name"), boolean("is_immunisation"))
table("master_list", text("code", "name"), refers("program_id"), boolean("is_active"))
table("master_list_line", part_of("master_list"), refers("item_id"))

# 6, 7, 8 money
table("period_schedule", text("name"))
table("period", refers("period_schedule_id"), text("name"), date("start_date", "end_date"))
table("account", text("code", "name"))
table("budget", text("code", "name"), refers("account_id"), refers("period_id"), decimal("amount"))
table("transaction_category", text("code", "name"), one_of("type", "customer", "supplier", "stock", "prescription"))
table("payment_type", text("code", "name"))
table("purchase_order_category", text("code", "name"))
table("currency", text("code", "name"), decimal("rate"), boolean("is_home_currency"), date("rate_date"))

# 9 to 20 settings
table("custom_data", loose("table_name", "record_id"), text("key", "value"))
table(
    "barcode",
    text("barcode"),
    refers("item_id"),
    decimal("pack_size"),
    refers("manufacturer_name_id", to="name"),
)
table(
    "reason_option",
    text("name"),
    one_of("type", "gain", "loss", "requisition", "return"),
    boolean("is_active"),
)
table("property", text("key", "name", "value_type", "allowed_values"))
table("location_type", text("name"), decimal("min_temperature_celsius", "max_temperature_celsius"))
table("regimen", text("code", "name"))
table("indicator", text("code", "name"), refers("regimen_id"), text("value_type"), boolean("is_active"))
table(
    "drug_interaction",
    refers("item_id"),
    refers("other_item_id", to="item"),
    one_of("severity", "mild", "moderate", "severe"),
    text("description"),
)
table("item_warning", refers("item_id"), text("code", "warning"), boolean("is_priority"))
table("vaccinator", text("code", "name"), boolean("is_active"))
table("vaccine_setting", refers("item_id"), integer("doses"), decimal("coverage_rate", "wastage_rate"))
table("custom_report", text("code", "name", "context", "template"))
table("asset_category", text("code", "name", "class_name"))
table("asset_property", refers("asset_category_id"), text("key", "name", "value_type", "allowed_values"))
table("incoterm", text("code", "name"))
table("tender_condition", text("code", "name", "body"))

# 21 to 24 for dispensaries
table("abbreviation", text("code", "expansion"))
table("item_direction", refers("item_id"), text("directions"), integer("priority"))
table("diagnosis", text("code", "name"), date("valid_until"))
table("insurance_provider", text("code", "name"), integer("prescription_validity_days"), boolean("is_active"))
table("patient_event_type", text("code", "name"), one_of("value_type", "text", "number", "date", "none"))

# 28 what each store sees; 32, 33 edited on central
table("master_list_store", refers("master_list_id"), loose("store_id"))
table("name_store_join", refers("name_id"), loose("store_id"), boolean("is_customer", "is_supplier"))
table(
    "item_store_join",
    refers("item_id"),
    loose("store_id", "default_location_id"),
    boolean("ignore_for_orders"),
)
table("dashboard_report", text("code", "name", "context", "definition"), integer("position"))
table("authoriser", loose("user_id"), text("name", "email"), boolean("is_active"))
table("authorisation", refers("authoriser_id"), text("kind"), decimal("limit_amount"), refers("department_id"))
