"""Messages, users, and what stays at a site (data types 34, 60 to 70)."""

from __future__ import annotations

from sites.schema.columns import boolean, date, loose, one_of, owner, refers, secret, table, text, time

# 34, 68: the log messages of transfers (section 8) travel, the log does not
table("message", loose("from_store_id", "to_store_id"), text("subject", "body"), time("created_at"))
table(
    "transfer_log",
    owner(),
    refers("other_name_id", to="name"),
    loose("invoice_id", "requisition_id", "purchase_order_id", "goods_received_id"),
    text("message"),
    time("logged_at"),
)
table("log", loose("store_id", "user_id"), text("event", "message"), loose("record_id"), time("logged_at"))

# 60 to 62 users
table("user_account", text("code", "name", "email"), secret("password_hash"), boolean("is_active"))
table("user_licence", loose("user_id"), text("kind"), date("valid_until"))
table("user_permission", loose("user_id", "store_id"), text("permission"))

# 63 to 70
table("preference", text("key", "value"))
table("reference_document", loose("record_id"), text("title", "file_name"), time("added_at"))
table("his_record", text("system", "external_code", "payload"), time("received_at"))
table("drug_registration", refers("item_id"), text("registration_number", "holder"), date("valid_until"))
table("label", text("code", "name", "template"))
table("reminder", loose("store_id", "user_id"), text("text"), time("due_at"), boolean("is_done"))
table(
    "adverse_drug_reaction",
    refers("patient_id"),
    refers("item_id"),
    one_of("severity", "mild", "moderate", "severe"),
    text("description"),
    date("reaction_date"),
)
