"""The tables the oracle knows, written down by hand: what the specification says of each, nothing more.

A chosen few: every policy, documents with lines, a secret, local data, merges of all kinds and what they reach.
``test_tables.py`` holds these lines against the real schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """``columns``: name to kind (text, whole, number, day, moment, yes); ``id`` is not listed.

    ``refers``: foreign keys. ``loose``: columns that name a repeat, or a record of a kind that can be merged, without a
    foreign key. ``lines_of``: the table of the documents that this one's records are lines of. ``is_stock``: kept
    by a dispensary that does not include its transactions. ``merges``: whose records a merge joins.
    ``same``: rows with the same values here collapse in a merge, flags of ``either`` are OR-ed and
    ``first`` takes the first that is not empty.
    """

    policy: str
    columns: dict[str, str]
    refers: dict[str, str] = field(default_factory=dict)
    loose: dict[str, str] = field(default_factory=dict)
    lines_of: str | None = None
    is_stock: bool = False
    secret: tuple[str, ...] = ()
    merges: str | None = None
    same: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def named(self) -> dict[str, str]:
        """Every column that a merge looks at, with the table it names."""
        return {**self.refers, **self.loose}

    @property
    def required(self) -> list[str]:
        """Columns that a row must have: its store, its document, its patient."""
        owner = ["store_id"] if self.policy in OWNED else []
        parents = [f"{self.lines_of}_id"] if self.lines_of else []
        patients = ["patient_id"] if "patient" in self.refers.values() and self.policy != "local" else []
        return owner * (self.lines_of is None) + parents + patients


Key = tuple[str, str]
OWNED = ("store", "prescription", "procurement")
ALWAYS_LEAVES = {"transfer_log"}  # a message about a transfer belongs to both stores (T6)
PAIR = {"kept_id": "text", "merged_id": "text", "merged_at": "moment"}


def merge_of(table: str, policy: str = "central") -> Table:
    """The table of a kind of merge."""
    return Table(policy, PAIR, merges=table)


TABLES = {
    # central data
    "unit": Table("central", {"name": "text"}),
    "item": Table(
        "central",
        {"code": "text", "name": "text", "unit_id": "text", "default_pack_size": "number", "is_vaccine": "yes"},
        {"unit_id": "unit"},
    ),
    "name": Table("central", {"code": "text", "name": "text", "type": "text", "is_customer": "yes"}),
    "name_tag": Table("central", {"name": "text"}),
    "name_tag_join": Table(
        "central",
        {"name_id": "text", "name_tag_id": "text"},
        {"name_id": "name", "name_tag_id": "name_tag"},
        same=("name_id", "name_tag_id"),
    ),
    "master_list": Table("central", {"code": "text", "name": "text", "is_active": "yes"}),
    "master_list_line": Table(
        "central",
        {"master_list_id": "text", "item_id": "text"},
        {"master_list_id": "master_list", "item_id": "item"},
        same=("master_list_id", "item_id"),
    ),
    "custom_data": Table("central", {"table_name": "text", "record_id": "text", "value": "text"}),
    "item_merge": merge_of("item"),
    "unit_merge": merge_of("unit"),
    "name_merge": merge_of("name"),
    # central data of dispensaries
    "abbreviation": Table("central_dispensary", {"code": "text", "expansion": "text"}),
    "item_direction": Table(
        "central_dispensary", {"item_id": "text", "directions": "text", "priority": "whole"}, {"item_id": "item"}
    ),
    # central, also when mirrored
    "dashboard_report": Table("central_server", {"code": "text", "name": "text", "position": "whole"}),
    # visibility, set for one store
    "name_store_join": Table(
        "central_store",
        {"name_id": "text", "store_id": "text", "is_customer": "yes", "is_supplier": "yes"},
        {"name_id": "name"},
        same=("name_id", "store_id"),
        either=("is_customer", "is_supplier"),
    ),
    "item_store_join": Table(
        "central_store",
        {"item_id": "text", "store_id": "text", "default_location_id": "text", "ignore_for_orders": "yes"},
        {"item_id": "item"},
        {"default_location_id": "location"},
        same=("item_id", "store_id"),
        either=("ignore_for_orders",),
        first=("default_location_id",),
    ),
    # stores and the network
    "store": Table(
        "store_record",
        {"code": "text", "name_id": "text", "mode": "text", "created_date": "day", "is_disabled": "yes"},
        {"name_id": "name"},
    ),
    "store_preference": Table(
        "store_record", {"show_new_patients": "yes", "amc_months": "whole", "min_months": "number"}
    ),
    "site": Table("sync_settings", {"code": "text", "name": "text", "kind": "text"}),
    "store_site": Table(
        "sync_settings",
        {
            "site_id": "text",
            "store_id": "text",
            "sync_type": "text",
            "include_transactions": "yes",
            "resync_patients_on_save": "yes",
        },
    ),
    # people
    "patient": Table(
        "patient", {"code": "text", "first_name": "text", "home_store_id": "text", "date_of_birth": "day"}
    ),
    "patient_event": Table(
        "patient",
        {"patient_id": "text", "store_id": "text", "value": "text", "happened_at": "moment"},
        {"patient_id": "patient"},
    ),
    "insurance_policy": Table(
        "patient",
        {"patient_id": "text", "policy_number": "text", "discount_rate": "number", "is_active": "yes"},
        {"patient_id": "patient"},
    ),
    "patient_medication_record": Table(
        "patient",
        {"patient_id": "text", "item_id": "text", "note": "text"},
        {"patient_id": "patient", "item_id": "item"},
    ),
    "patient_merge": merge_of("patient", "patient"),
    "prescriber": Table("prescriber", {"code": "text", "first_name": "text", "home_store_id": "text"}),
    "prescriber_merge": merge_of("prescriber", "prescriber"),
    "patient_store_join": Table(
        "patient_visibility",
        {"patient_id": "text", "store_id": "text"},
        {"patient_id": "patient"},
        same=("patient_id", "store_id"),
    ),
    "prescriber_store_join": Table(
        "patient_visibility",
        {"prescriber_id": "text", "store_id": "text"},
        {},
        {"prescriber_id": "prescriber"},
        same=("prescriber_id", "store_id"),
    ),
    "repeat": Table(
        "repeat",
        {"patient_id": "text", "item_id": "text", "prescriber_id": "text", "packs": "number", "remaining": "whole"},
        {"patient_id": "patient", "item_id": "item"},
        {"prescriber_id": "prescriber"},
    ),
    "message": Table("message", {"from_store_id": "text", "to_store_id": "text", "subject": "text"}),
    "preference": Table("local", {"key": "text", "value": "text"}),
    # what a store owns
    "location": Table("store", {"store_id": "text", "code": "text", "name": "text", "on_hold": "yes"}),
    "location_merge": Table("store", {"store_id": "text", **PAIR}, merges="location"),
    "sensor": Table(
        "store",
        {"store_id": "text", "location_id": "text", "name": "text", "is_active": "yes"},
        {},
        {"location_id": "location"},
    ),
    "item_note": Table(
        "store", {"store_id": "text", "item_id": "text", "note": "text", "noted_at": "moment"}, {"item_id": "item"}
    ),
    "requisition": Table(
        "store",
        {"store_id": "text", "other_name_id": "text", "type": "text", "status": "text", "number": "whole"},
        {"other_name_id": "name"},
    ),
    "requisition_line": Table(
        "store",
        {"requisition_id": "text", "item_id": "text", "requested_units": "number"},
        {"requisition_id": "requisition", "item_id": "item"},
        lines_of="requisition",
    ),
    "goods_received": Table(
        "store",
        {
            "store_id": "text",
            "other_name_id": "text",
            "purchase_order_id": "text",
            "status": "text",
            "received_at": "moment",
        },
        {"other_name_id": "name"},
    ),
    "goods_received_line": Table(
        "store",
        {"goods_received_id": "text", "item_id": "text", "packs": "number"},
        {"goods_received_id": "goods_received", "item_id": "item"},
        lines_of="goods_received",
    ),
    "transfer_log": Table(
        "store",
        {"store_id": "text", "other_name_id": "text", "message": "text", "logged_at": "moment"},
        {"other_name_id": "name"},
    ),
    # its stock
    "stock_line": Table(
        "store",
        {
            "store_id": "text",
            "item_id": "text",
            "location_id": "text",
            "batch": "text",
            "expiry_date": "day",
            "pack_size": "number",
            "total_packs": "number",
            "on_hold": "yes",
            "supplier_name_id": "text",
        },
        {"item_id": "item", "supplier_name_id": "name"},
        {"location_id": "location"},
        is_stock=True,
    ),
    "invoice": Table(
        "store",
        {
            "store_id": "text",
            "other_name_id": "text",
            "type": "text",
            "status": "text",
            "number": "whole",
            "created_at": "moment",
            "comment": "text",
        },
        {"other_name_id": "name"},
        is_stock=True,
    ),
    "invoice_line": Table(
        "store",
        {
            "invoice_id": "text",
            "item_id": "text",
            "location_id": "text",
            "batch": "text",
            "expiry_date": "day",
            "pack_size": "number",
            "packs": "number",
            "cost_price_per_pack": "number",
        },
        {"invoice_id": "invoice", "item_id": "item"},
        {"location_id": "location"},
        lines_of="invoice",
        is_stock=True,
    ),
    "prescription": Table(
        "prescription",
        {
            "store_id": "text",
            "patient_id": "text",
            "prescriber_id": "text",
            "status": "text",
            "number": "whole",
            "dispensed_at": "moment",
        },
        {"patient_id": "patient"},
        {"prescriber_id": "prescriber"},
        is_stock=True,
    ),
    "prescription_line": Table(
        "prescription",
        {"prescription_id": "text", "item_id": "text", "packs": "number", "directions": "text", "repeat_id": "text"},
        {"prescription_id": "prescription", "item_id": "item"},
        {"repeat_id": "repeat"},
        lines_of="prescription",
        is_stock=True,
    ),
    # procurement, a store's or primary's
    "purchase_order": Table(
        "procurement",
        {
            "store_id": "text",
            "other_name_id": "text",
            "status": "text",
            "number": "whole",
            "is_centralised": "yes",
            "comment": "text",
        },
        {"other_name_id": "name"},
    ),
    "purchase_order_line": Table(
        "procurement",
        {"purchase_order_id": "text", "item_id": "text", "ordered_packs": "number", "price_per_pack": "number"},
        {"purchase_order_id": "purchase_order", "item_id": "item"},
        lines_of="purchase_order",
    ),
    "tender": Table(
        "procurement",
        {"store_id": "text", "description": "text", "status": "text", "is_centralised": "yes", "closing_date": "day"},
    ),
    "payment": Table(
        "procurement",
        {"store_id": "text", "other_name_id": "text", "is_centralised": "yes", "number": "whole", "amount": "number"},
        {"other_name_id": "name"},
    ),
    # users, what never leaves
    "user_account": Table(
        "new_user", {"code": "text", "name": "text", "password_hash": "text"}, secret=("password_hash",)
    ),
    "reminder": Table("local", {"store_id": "text", "text": "text", "is_done": "yes"}),
    "adverse_drug_reaction": Table(
        "local",
        {"patient_id": "text", "item_id": "text", "description": "text"},
        {"patient_id": "patient", "item_id": "item"},
    ),
}

DOCUMENTS = {table.lines_of: name for name, table in TABLES.items() if table.lines_of}
MERGES = {name: table.merges for name, table in TABLES.items() if table.merges}


def parents_first() -> list[str]:
    """The tables, each after those it refers to."""
    ordered: list[str] = []
    while len(ordered) < len(TABLES):
        ordered += [
            name
            for name, table in TABLES.items()
            if name not in ordered and all(parent in ordered for parent in table.refers.values())
        ]
    return ordered


OPTIONAL = {
    "unit": ("name",),
    "item": ("name", "default_pack_size"),
    "name": ("code",),
    "master_list": ("name",),
    "custom_data": ("value",),
    "abbreviation": ("expansion",),
    "item_direction": ("directions", "priority"),
    "dashboard_report": ("position",),
    "store": ("created_date",),
    "store_preference": ("amc_months", "min_months"),
    "patient": ("first_name", "date_of_birth"),
    "patient_event": ("value", "happened_at"),
    "insurance_policy": ("policy_number", "discount_rate"),
    "prescriber": ("first_name",),
    "repeat": ("packs", "remaining"),
    "message": ("subject",),
    "location": ("name",),
    "item_note": ("note", "noted_at"),
    "goods_received": ("received_at",),
    "transfer_log": ("message",),
    "stock_line": ("batch", "expiry_date"),
}
"""Columns that decide nothing: a site of another version of the program may be without them."""
