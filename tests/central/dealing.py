"""Documents between stores as people write them, and what the tests of transfers ask about their halves."""

from __future__ import annotations

from typing import Any

import polars as pl

from sites.engines.connection import open_site
from sites.engines.values import normalise
from sites.schema import SCHEMA
from sync_rules.transfers.kinds import BY_NAME
from tests.central.clinics import Clinics
from warehouse.connection import open_warehouse
from warehouse.records import replicas

Row = dict[str, Any]
EVERYWHERE = {"central", "north", "south", "warehouse"}
AT = "2026-11-23T08:00:00Z"


def invoice(record_id: str, store: str, to: str, **more: object) -> Row:
    """A finalised customer invoice of a store to another one."""
    row = {"id": record_id, "store_id": store, "other_name_id": f"name-{to}", "type": "customer_invoice"}
    return {**row, "status": "finalised", "number": 17, "finalised_at": AT, **more}


def invoice_line(record_id: str, invoice_id: str, packs: float = 5, **more: object) -> Row:
    """A line of it: packs of 100 at 2.50."""
    row = {"id": record_id, "invoice_id": invoice_id, "item_id": "amoxicillin", "pack_size": 100, "packs": packs}
    return {**row, "cost_price_per_pack": 2, "sell_price_per_pack": 2.5, **more}


def request(record_id: str, store: str, to: str, **more: object) -> Row:
    """A finalised request of a store to another one."""
    row = {"id": record_id, "store_id": store, "other_name_id": f"name-{to}", "type": "request", "number": 5}
    return {**row, "status": "finalised", "finalised_at": AT, **more}


def request_line(record_id: str, requisition_id: str, units: float = 300) -> Row:
    """A line of it."""
    row = {"id": record_id, "requisition_id": requisition_id, "item_id": "amoxicillin"}
    return {**row, "requested_units": units, "stock_on_hand_units": 20}


def order(record_id: str, store: str, to: str, **more: object) -> Row:
    """A confirmed purchase order of a store to another one."""
    row = {"id": record_id, "store_id": store, "other_name_id": f"name-{to}", "number": 8, "is_centralised": False}
    return {**row, "status": "confirmed", "confirmed_at": AT, **more}


def order_line(record_id: str, order_id: str, packs: float = 10, item: str = "amoxicillin") -> Row:
    """A line of it: packs of 50 at 1.20."""
    row = {"id": record_id, "purchase_order_id": order_id, "item_id": item, "pack_size": 50}
    return {**row, "ordered_packs": packs, "received_packs": 0, "price_per_pack": 1.2}


def transfers(clinics: Clinics, columns: str = "record_id, kind, waits, made_by") -> list[tuple[Any, ...]]:
    """What central remembers of transfers, by initiating half."""
    return clinics.warehouse(f"select {columns} from ledger.transfer order by table_name, record_id")


def waits(clinics: Clinics) -> dict[str, str | None]:
    """By initiating half: what its transfer waits for, or None."""
    return dict(transfers(clinics, "record_id, waits"))


def responding_id(clinics: Clinics, initiating_id: str) -> str:
    """The id of the responding half that the warehouse holds."""
    ((found,),) = clinics.warehouse(
        f"select responding_id from ledger.transfer where record_id = '{initiating_id}' and responding_id is not null"
    )
    return str(found)


def responding_halves(clinics: Clinics, site: str, kind: str, initiating_id: str) -> int:
    """How many responding halves of a document a site (or `warehouse`) has."""
    one = BY_NAME[kind]
    condition = f"{one.back} = '{initiating_id}'" + (
        f" and type = '{one.responding_type}'" if one.responding_type else ""
    )
    if site == "warehouse":
        return len(clinics.warehouse(f"select id from replica.{one.responding_table} where {condition}"))
    return len(clinics.rows(site, one.responding_table, "id", condition))


def record(clinics: Clinics, site: str, table: str, record_id: str) -> Row | None:
    """A row at a site, or in the `warehouse`, as typed values; None where there is none."""
    columns = SCHEMA.travelling(table)
    names = [column.name for column in columns]
    if site == "warehouse":
        with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
            rows = replicas.every_row(con, table, SCHEMA).filter(pl.col("id") == record_id)
    else:
        with open_site(clinics.urls[site], clinics.folder) as db:
            raw = db.read(f"select {', '.join(names)} from {table} where id = ?", [record_id], columns=names)
            rows, _ = normalise(raw, columns)
    return rows.row(0, named=True) if rows.height else None


def agreed(clinics: Clinics, table: str, record_id: str) -> set[str]:
    """Where a record is; it must be the same everywhere."""
    found = {site: record(clinics, site, table, record_id) for site in sorted(EVERYWHERE)}
    rows = [row for row in found.values() if row is not None]
    assert all(row == rows[0] for row in rows), found
    return {site for site, row in found.items() if row is not None}
