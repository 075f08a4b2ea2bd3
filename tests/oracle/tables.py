"""The tables the oracle knows, written down by hand: what the specification says of each, nothing more.

A chosen few: every policy that is decided, documents with lines, a secret, local data, and tables
whose changes wait. ``test_tables.py`` holds these lines against the real schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """``columns``: name to kind (text, whole, number, day, moment, yes); ``id`` is not listed.

    ``refers``: foreign keys. ``lines_of``: the table of the documents that this one's records are
    lines of. ``is_stock``: kept by a dispensary that does not include its transactions.
    """

    policy: str
    columns: dict[str, str]
    refers: dict[str, str] = field(default_factory=dict)
    lines_of: str | None = None
    is_stock: bool = False
    secret: tuple[str, ...] = ()


TABLES = {
    # central data
    "unit": Table("central", {"name": "text"}),
    "item": Table(
        "central",
        {"code": "text", "name": "text", "unit_id": "text", "default_pack_size": "number", "is_vaccine": "yes"},
        {"unit_id": "unit"},
    ),
    "name": Table("central", {"code": "text", "name": "text", "type": "text", "is_customer": "yes"}),
    "master_list": Table("central", {"code": "text", "name": "text", "is_active": "yes"}),
    "master_list_line": Table(
        "central", {"master_list_id": "text", "item_id": "text"}, {"master_list_id": "master_list", "item_id": "item"}
    ),
    # central data of dispensaries
    "abbreviation": Table("central_dispensary", {"code": "text", "expansion": "text"}),
    "item_direction": Table(
        "central_dispensary", {"item_id": "text", "directions": "text", "priority": "whole"}, {"item_id": "item"}
    ),
    # central, also when mirrored
    "dashboard_report": Table("central_server", {"code": "text", "name": "text", "position": "whole"}),
    # visibility, set for one store
    "name_store_join": Table(
        "central_store", {"name_id": "text", "store_id": "text", "is_customer": "yes"}, {"name_id": "name"}
    ),
    "item_store_join": Table(
        "central_store", {"item_id": "text", "store_id": "text", "ignore_for_orders": "yes"}, {"item_id": "item"}
    ),
    # stores and the network
    "store": Table(
        "store_record",
        {"code": "text", "name_id": "text", "mode": "text", "created_date": "day", "is_disabled": "yes"},
        {"name_id": "name"},
    ),
    "store_preference": Table("store_record", {"amc_months": "whole", "min_months": "number"}),
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
    # what a store owns
    "location": Table("store", {"store_id": "text", "code": "text", "name": "text", "on_hold": "yes"}),
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
            "batch": "text",
            "expiry_date": "day",
            "pack_size": "number",
            "total_packs": "number",
            "on_hold": "yes",
        },
        {"item_id": "item"},
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
            "batch": "text",
            "expiry_date": "day",
            "pack_size": "number",
            "packs": "number",
            "cost_price_per_pack": "number",
        },
        {"invoice_id": "invoice", "item_id": "item"},
        lines_of="invoice",
        is_stock=True,
    ),
    # users, what never leaves, what waits
    "user_account": Table(
        "new_user", {"code": "text", "name": "text", "password_hash": "text"}, secret=("password_hash",)
    ),
    "reminder": Table("local", {"store_id": "text", "text": "text", "is_done": "yes"}),
    "message": Table("undecided", {"from_store_id": "text", "to_store_id": "text", "subject": "text"}),
    "location_merge": Table(
        "undecided", {"store_id": "text", "kept_id": "text", "merged_id": "text", "merged_at": "moment"}
    ),
}

DOCUMENTS = {table.lines_of: name for name, table in TABLES.items() if table.lines_of}


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
