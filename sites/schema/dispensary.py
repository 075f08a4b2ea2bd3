"""Patients, prescribers and what is dispensed to them (data types 29, 35 to 40).

Prescribers, event types, diagnoses and insurance providers are only on sites with a dispensary;
references to them carry no foreign key, since a collector without one gets the rows too (B6).
"""

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

# 36 patients and prescribers
table(
    "patient",
    text("code", "first_name", "last_name"),
    date("date_of_birth"),
    text("gender"),
    loose("home_store_id"),
    text("phone", "address"),
    boolean("is_deceased"),
)
table(
    "patient_medication_record",
    part_of("patient"),
    refers("item_id"),
    text("note"),
    date("start_date", "end_date"),
)
table(
    "insurance_policy",
    part_of("patient"),
    loose("insurance_provider_id"),
    text("policy_number"),
    decimal("discount_rate"),
    date("expiry_date"),
    boolean("is_active"),
)
table(
    "prescriber",
    text("code", "first_name", "last_name"),
    loose("home_store_id"),
    text("registration_number", "phone"),
)

# 29, 35 visibility
table("patient_store_join", part_of("patient"), loose("store_id"))
table("prescriber_store_join", loose("prescriber_id", "store_id"))

# 37 merges, 38 events
table("patient_merge", loose("kept_id", "merged_id"), time("merged_at"))
table("prescriber_merge", loose("kept_id", "merged_id"), time("merged_at"))
table(
    "patient_event",
    part_of("patient"),
    loose("patient_event_type_id", "store_id"),
    text("value"),
    time("happened_at"),
)

# 39 repeats, 40 prescriptions
table(
    "repeat",
    part_of("patient"),
    loose("store_id"),
    refers("item_id"),
    loose("prescriber_id"),
    decimal("packs"),
    integer("remaining"),
    text("directions"),
    date("valid_until"),
)
table(
    "prescription",
    owner(),
    part_of("patient"),
    loose("prescriber_id", "diagnosis_id"),
    integer("number"),
    one_of("status", "new", "confirmed", "finalised"),
    time("created_at", "dispensed_at"),
    text("comment"),
)
table(
    "prescription_line",
    part_of("prescription"),
    refers("item_id"),
    loose("stock_line_id"),
    decimal("pack_size", "packs"),
    text("directions"),
    loose("repeat_id"),
)
