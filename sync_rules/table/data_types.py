"""THE table: the 70 data types of the field, one line each.

``DATA_TYPES`` says which policy carries each data type. Exceptions are policies or conditions, never an ``if``
elsewhere: who may edit and who receives is decided by no name of a table outside this folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sync_rules.table.policies import (
    CENTRAL,
    CENTRAL_DISPENSARY,
    CENTRAL_SERVER,
    CENTRAL_STORE,
    CENTRALISED,
    LOCAL,
    MESSAGE,
    NEW_USER,
    PATIENT,
    PATIENT_VISIBILITY,
    PRESCRIBER,
    PRESCRIPTION,
    PROCUREMENT,
    REPEAT,
    STORE,
    STORE_PREFERENCE,
    STORE_RECORD,
    STORE_STOCK,
    SYNC_SETTINGS,
    SYNCED_KEY,
    TRANSFER_DOCUMENT,
    Policy,
)


class Condition(StrEnum):
    """When a part of a data type applies: a closed set (B15). Records are kept with these words: they do not change."""

    NONE = ""
    IS_CENTRALISED = "centralised"
    OF_TOPOLOGY = "of_topology"
    IS_SYNCED = "synced"
    NEW_AT_HOME_SITE = "new_at_home_site"
    AT_CREATION = "at_creation"
    AFTER_CREATION = "after_creation"
    OTHERWISE = "otherwise"


IS_CENTRALISED = Condition.IS_CENTRALISED
OF_TOPOLOGY = Condition.OF_TOPOLOGY
IS_SYNCED = Condition.IS_SYNCED
NEW_AT_HOME_SITE = Condition.NEW_AT_HOME_SITE
AT_CREATION = Condition.AT_CREATION
AFTER_CREATION = Condition.AFTER_CREATION
OTHERWISE = Condition.OTHERWISE


@dataclass(frozen=True)
class Part:
    """Some tables of a data type under one policy, where ``condition`` holds."""

    tables: tuple[str, ...]
    policy: Policy
    condition: Condition


def part(policy: Policy, tables: str, condition: Condition = Condition.NONE) -> Part:
    """A part of a data type from a policy and table names with blanks between them."""
    return Part(tuple(tables.split()), policy, condition)


@dataclass(frozen=True)
class DataType:
    """A row of the field's own table; ``normal`` and ``mirrored`` are its words for who edits."""

    number: int
    name: str
    normal: str
    mirrored: str
    parts: tuple[Part, ...]


def row(number: int, name: str, normal: str, mirrored: str, *parts: Part) -> DataType:
    """One line of the table."""
    return DataType(number, name, normal, mirrored, parts)


# fmt: off
DATA_TYPES = (
    #    n   data                normal     mirrored   policy and tables
    row( 1, "Items", "Central", "Primary", part(CENTRAL, "unit item_category item bom_master bom_master_line")),
    row( 2, "Names (except patients)", "Central", "Primary", part(CENTRAL, "name_category name name_tag name_tag_join contact")),
    row( 3, "Merging of items, units and names (except patients)", "Central", "Primary", part(CENTRAL, "item_merge unit_merge name_merge")),
    row( 4, "Groups and departments", "Central", "Primary", part(CENTRAL, "name_group department")),
    row( 5, "Item master lists and programmes", "Central", "Primary", part(CENTRAL, "master_list master_list_line program")),
    row( 6, "Budgets, periods and accounts", "Central", "Primary", part(CENTRAL, "budget period_schedule period account")),
    row( 7, "Transaction categories and payment types", "Central", "Primary", part(CENTRAL, "transaction_category payment_type")),
    row( 8, "Purchase order categories", "Central", "Primary", part(CENTRAL, "purchase_order_category")),
    row( 9, "Custom data", "Central", "Primary", part(CENTRAL, "custom_data")),
    row(10, "Barcodes", "Central", "Primary", part(CENTRAL, "barcode")),
    row(11, "Currencies", "Central", "Primary", part(CENTRAL, "currency")),
    row(12, "Options and properties", "Central", "Primary", part(CENTRAL, "reason_option property")),
    row(13, "Location types", "Central", "Primary", part(CENTRAL, "location_type")),
    row(14, "Regimens and indicators", "Central", "Primary", part(CENTRAL, "regimen indicator")),
    row(15, "Drug interactions and warnings", "Central", "Primary", part(CENTRAL, "drug_interaction item_warning")),
    row(16, "Vaccinators and vaccine settings", "Central", "Primary", part(CENTRAL, "vaccinator vaccine_setting")),
    row(17, "Custom reports", "Central", "Primary", part(CENTRAL, "custom_report")),
    row(18, "Asset settings", "Central", "Primary", part(CENTRAL, "asset_category asset_property")),
    row(19, "Regions", "Central", "Primary", part(CENTRAL, "region")),
    row(20, "Incoterms and tender conditions", "Central", "Primary", part(CENTRAL, "incoterm tender_condition")),
    row(21, "Abbreviations and item directions", "Central", "Primary", part(CENTRAL_DISPENSARY, "abbreviation item_direction")),
    row(22, "Diagnoses", "Central", "Primary", part(CENTRAL_DISPENSARY, "diagnosis")),
    row(23, "Insurance providers", "Central", "Primary", part(CENTRAL_DISPENSARY, "insurance_provider")),
    row(24, "Patient event types", "Central", "Primary", part(CENTRAL_DISPENSARY, "patient_event_type")),
    row(25, "Purchase orders (centralised)", "Central store", "Primary", part(CENTRALISED, "purchase_order purchase_order_line", IS_CENTRALISED)),
    row(26, "Tenders and quotes (centralised)", "Central store", "Primary", part(CENTRALISED, "tender tender_line quote quote_line", IS_CENTRALISED)),
    row(27, "Payments (centralised)", "Central store", "Primary", part(CENTRALISED, "payment", IS_CENTRALISED)),
    row(28, "Visibility of items and names (except patients)", "Central store", "Primary", part(CENTRAL_STORE, "master_list_store item_store_join name_store_join")),
    row(29, "Visibility of existing patients and prescribers", "Central store", "Primary", part(PATIENT_VISIBILITY, "patient_store_join prescriber_store_join", OTHERWISE)),
    row(30, "Stores and non sync-related store preferences", "Central store", "Central", part(STORE_RECORD, "store"), part(STORE_PREFERENCE, "store_preference")),
    row(31, "Sites and sync-related preferences", "Central", "Central", part(SYNC_SETTINGS, "site store_site")),
    row(32, "Dashboard reports", "Central", "Central", part(CENTRAL_SERVER, "dashboard_report")),
    row(33, "Authorisers and authorisation", "Central", "Central", part(CENTRAL_SERVER, "authoriser authorisation")),
    row(34, "Messages", "Message", "Store", part(MESSAGE, "message")),
    row(35, "Visibility of new patients and prescribers", "Patient", "Store", part(PATIENT_VISIBILITY, "patient_store_join prescriber_store_join", NEW_AT_HOME_SITE)),
    row(36, "Patients and prescribers", "Patient", "Store", part(PATIENT, "patient patient_medication_record insurance_policy"), part(PRESCRIBER, "prescriber")),
    row(37, "Merging of patients and prescribers", "Patient", "Store", part(PATIENT, "patient_merge"), part(PRESCRIBER, "prescriber_merge")),
    row(38, "Patient events", "Patient", "Store", part(PATIENT, "patient_event")),
    row(39, "Repeats", "Patient", "Store", part(REPEAT, "repeat")),
    row(40, "Prescriptions", "Patient", "Store", part(PRESCRIPTION, "prescription prescription_line")),
    row(41, "Name notes", "Store", "Store", part(STORE, "name_note")),
    row(42, "Customer stock history and requisitions", "Store", "Store", part(TRANSFER_DOCUMENT, "requisition requisition_line"), part(STORE, "customer_stock_history")),
    row(43, "Locations", "Store", "Store", part(STORE, "location")),
    row(44, "Merging locations", "Store", "Store", part(STORE, "location_merge")),
    row(45, "Stock and replenishments", "Store", "Store", part(STORE_STOCK, "stock_line replenishment replenishment_line")),
    row(46, "Stocktakes and inventory adjustments", "Store", "Store", part(STORE_STOCK, "stocktake stocktake_line inventory_adjustment inventory_adjustment_line")),
    row(47, "AMC projections", "Store", "Store", part(STORE, "amc_projection")),
    row(48, "Transactions (but not prescriptions)", "Store", "Store", part(TRANSFER_DOCUMENT, "invoice invoice_line"), part(STORE_STOCK, "backorder build build_line")),
    row(49, "Transaction notes", "Store", "Store", part(STORE, "invoice_note")),
    row(50, "Item notes", "Store", "Store", part(STORE, "item_note")),
    row(51, "Boxes", "Store", "Store", part(STORE, "box box_line")),
    row(52, "Goods received", "Store", "Store", part(TRANSFER_DOCUMENT, "goods_received goods_received_line")),
    row(53, "Indicator values", "Store", "Store", part(STORE, "indicator_value")),
    row(54, "Vaccine monitors/sensors", "Store", "Store", part(STORE, "vaccine_monitor sensor")),
    row(55, "Assets", "Store", "Store", part(STORE, "asset")),
    row(56, "Store credentials", "Store", "Store", part(STORE, "store_credential")),
    row(57, "Tenders and quotes", "Store", "Store", part(PROCUREMENT, "tender tender_line quote quote_line", OTHERWISE)),
    row(58, "Purchase orders", "Store", "Store", part(PROCUREMENT, "purchase_order purchase_order_line", OTHERWISE)),
    row(59, "Payments", "Store", "Store", part(PROCUREMENT, "payment", OTHERWISE)),
    row(60, "New users", "Store", "Store", part(NEW_USER, "user_account", AT_CREATION)),
    row(61, "User licenses and existing users", "Local", "Local", part(LOCAL, "user_licence"), part(LOCAL, "user_account", AFTER_CREATION)),
    row(62, "User permissions", "Local", "Local", part(LOCAL, "user_permission")),
    row(63, "Preferences (non-store)", "Local", "Local", part(LOCAL, "preference", OTHERWISE), part(SYNCED_KEY, "preference", IS_SYNCED)),
    row(64, "Reference documents", "Local", "Local", part(LOCAL, "reference_document")),
    row(65, "HIS", "Local", "Local", part(LOCAL, "his_record")),
    row(66, "Drug registration", "Local", "Local", part(LOCAL, "drug_registration")),
    row(67, "Labels", "Local", "Local", part(LOCAL, "label")),
    row(68, "Logs", "Local", "Local", part(LOCAL, "log"), part(TRANSFER_DOCUMENT, "transfer_log")),
    row(69, "Reminders", "Local", "Local", part(LOCAL, "reminder")),
    row(70, "Adverse drug reactions", "Local", "Local", part(LOCAL, "adverse_drug_reaction")),
)

# What the field's table does not list.
BESIDES = (
    part(STORE, "document_number"),  # B25: counters follow their store
    part(SYNC_SETTINGS, "preference", OF_TOPOLOGY),  # B37: what topology.toml decides, as the sites read it
)
# fmt: on

# Preferences that are synced from primary; what topology.toml decides is written for every site.
SYNCED_KEYS = frozenset({"near_expiry_days", "patient_code_prefix", "stock_rounding"})
SWITCH_KEYS = frozenset({"centralised_payments", "centralised_procurement"})
PRIMARY_KEY = "is_primary"
"""Whether a site is primary: written where another site became it, or is to (B49)."""
TOPOLOGY_KEYS = SWITCH_KEYS | {PRIMARY_KEY}
