"""A small warehouse to publish, with a little of everything and planted secrets, and what a snapshot holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from sites.schema import SCHEMA
from sync_rules.topology.topology import Options, Site, Topology
from warehouse.connection import Connection, transaction
from warehouse.ledger.cycles import record_cycle
from warehouse.ledger.sites import put_sites
from warehouse.records import replicas
from warehouse.snapshots.publish import Published, publish

NOW = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
SECRET = "Amelia-Secret"
"""What is planted in everything that is about a patient, a user or a password."""


def put(con: Connection, table: str, *given: Mapping[str, Any]) -> None:
    """Puts rows into a replica; columns not given are NULL."""
    schema = SCHEMA.frame_schema(table)
    frame = pl.DataFrame([{**dict.fromkeys(schema), **row} for row in given], schema=schema)
    with transaction(con):
        replicas.put_rows(con, table, frame, SCHEMA)


def remove(con: Connection, table: str, *ids: str) -> None:
    """Deletes rows of a replica."""
    with transaction(con):
        replicas.remove_rows(con, pl.DataFrame({"table_name": [table] * len(ids), "record_id": ids}))


def cycle(con: Connection, number: int) -> None:
    """Enters a cycle."""
    record_cycle(con, number, now=NOW, topology_version=1, rules_version="1")


def fill(con: Connection) -> None:
    """Two stores with stock, an issue, and a patient who was dispensed to; cycle 1."""
    sites = (Site(1, "central", name="Centre"), Site(2, "clinic"))
    put_sites(con, Topology("central", "central", sites, (), Options(), time_zone="Pacific/Auckland"))
    con.execute("insert into ledger.instance values (1, 'A', 'active'), (2, 'B', 'active')")
    con.execute("update ledger.site set bookmark = 'x', last_contact_at = ?, data_as_of_at = ?", [NOW, NOW])
    put(con, "name", {"id": "nA", "name": "Store A"}, {"id": "nB", "name": "Store B"})
    put(con, "store", {"id": "A", "code": "A", "name_id": "nA"}, {"id": "B", "code": "B", "name_id": "nB"})
    put(con, "unit", {"id": "u", "name": "tablet"})
    put(con, "item", *({"id": code, "code": code, "name": f"Item {code}", "unit_id": "u"} for code in "XYZ"))
    put(con, "stock_line", *(line(store, item) for store in "AB" for item in "XYZ"))
    put(con, "invoice", {"id": "i", "store_id": "A", "other_name_id": "nB", "type": "customer_invoice", "number": 1,
                         "status": "finalised", "finalised_at": datetime(2026, 4, 1, tzinfo=UTC)})  # fmt: skip
    put(
        con,
        "invoice_line",
        {"id": "il", "invoice_id": "i", "item_id": "X", "pack_size": Decimal(10), "packs": Decimal(2)},
    )
    dispense(con, "p1")
    put(con, "user_account", {"id": "us", "code": SECRET, "name": SECRET, "email": SECRET})
    put(con, "store_credential", {"id": "sc", "store_id": "A", "kind": "web", "login": SECRET})
    cycle(con, 1)


def line(store: str, item: str, packs: int = 7) -> dict[str, Any]:
    """A stock line."""
    held = {"pack_size": Decimal(10), "total_packs": Decimal(packs), "available_packs": Decimal(packs)}
    return {"id": store + item, "store_id": store, "item_id": item, **held, "cost_price_per_pack": Decimal("1.5")}


def dispense(con: Connection, patient: str) -> None:
    """A patient, all that is kept of patients, and a prescription of item X in store B."""
    about = {"id": patient, "patient_id": patient}
    put(
        con, "patient", {"id": patient, "code": SECRET, "first_name": SECRET, "last_name": SECRET, "home_store_id": "B"}
    )
    put(con, "patient_medication_record", {**about, "note": SECRET})
    put(con, "patient_event", {**about, "value": SECRET})
    put(con, "patient_store_join", {**about, "store_id": "B"})
    put(con, "insurance_policy", {**about, "policy_number": SECRET})
    put(con, "adverse_drug_reaction", {**about, "description": SECRET})
    put(con, "repeat", {**about, "store_id": "B", "directions": SECRET})
    put(con, "message", {"id": patient, "subject": SECRET, "body": SECRET})
    put(con, "custom_data", {"id": patient, "table_name": "patient", "record_id": patient, "key": "k", "value": SECRET},
        {"id": "of item", "table_name": "item", "record_id": "X", "key": "k", "value": "of an item"})  # fmt: skip
    put(con, "prescription", {**about, "store_id": "B", "status": "finalised", "comment": SECRET,
                              "dispensed_at": datetime(2026, 5, 2, tzinfo=UTC)})  # fmt: skip
    put(con, "prescription_line", {"id": patient, "prescription_id": patient, "item_id": "X", "pack_size": Decimal(10),
                                   "packs": Decimal(1), "directions": SECRET})  # fmt: skip


def published(con: Connection, folder: Path, *, full: bool = False, now: datetime = NOW) -> Published:
    """Publishes into ``folder``."""
    return publish(con, folder, SCHEMA, now=now, full=full)


def files(folder: Path) -> dict[str, int]:
    """Every file and link below a folder, with when it was last written."""
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}
