"""Three stores, five items, and every case that makes such figures go wrong; small enough to work out by hand.

It is 2026-04-15 in Auckland (14 April, 21:00 UTC). Sites `main` (store A) and `clinic` (store B) were pulled that
morning; site `far` (store C) was last pulled on 20 February, at 13:00 in Auckland.

- P, paracetamol: two pack sizes, fractional packs, expired and held batches, one that expires tomorrow; issued to B and
  outside.
- Q, quinine: a negative line, no consumption at A; too much of it at B; not explained by movements at C.
- R, rehydration salts: none at A for the whole window; all on hold at B.
- S, syringes: on A's list, never there; no pack size at B.
- T, thermometers: new at A, out of stock for most of the time, one batch without a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from sites.schema import SCHEMA
from sync_rules.topology.topology import Site, Topology
from warehouse.connection import Connection
from warehouse.ledger.sites import put_sites
from warehouse.records import replicas

AS_OF_AT = datetime(2026, 4, 14, 21, 0, tzinfo=UTC)
FAR_AS_OF_AT = datetime(2026, 2, 20, 0, 0, tzinfo=UTC)

_ITEMS = {"P": "Paracetamol", "Q": "Quinine", "R": "Rehydration salts", "S": "Syringe", "T": "Thermometer"}
# id, store, item, location, batch, expires, pack size, packs, set aside, cost of a pack, on hold
_LINES = (
    ("p1", "A", "P", "shelf", "P-1", date(2027, 6, 30), "100", "2.5", "0.5", "10.00", False),
    ("p2", "A", "P", None, "P-2", date(2026, 4, 16), "10", "3", "0", "1.50", False),
    ("p3", "A", "P", None, "P-3", date(2026, 4, 15), "10", "4", "0", "1.50", False),
    ("p4", "A", "P", None, "P-4", None, "10", "5", "0", "2.00", True),
    ("p5", "A", "P", "quarantine", "P-5", None, "1", "6", "0", "0.10", False),
    ("q1", "A", "Q", None, "Q-1", None, "1", "-5", "0", "2.00", False),
    ("q2", "A", "Q", None, "Q-2", date(2026, 5, 20), "1", "20", "0", "2.00", False),
    ("r1", "A", "R", None, "R-1", date(2026, 1, 1), "10", "0", "0", "3.00", False),
    ("t1", "A", "T", None, "T-1", date(2026, 5, 15), "10", "2", "0", None, False),
    ("t2", "A", "T", None, "T-2", date(2026, 7, 14), "20", "2", "0", "8.00", False),
    ("p6", "B", "P", None, "P-6", date(2026, 4, 25), "1", "31", "0", "0.10", False),
    ("p7", "B", "P", None, "P-7", date(2026, 5, 15), "1", "30", "0", "0.10", False),
    ("q3", "B", "Q", None, "Q-3", None, "20", "14", "0", "5.00", False),
    ("r2", "B", "R", None, "R-2", None, "10", "4", "0", "1.00", True),
    ("s1", "B", "S", None, "S-1", None, None, "3", "0", "9.00", False),
    ("p8", "C", "P", None, "P-8", date(2028, 1, 1), "10", "38", "0", "0.50", False),
    ("q4", "C", "Q", None, "Q-4", None, "1", "5", "0", "1.00", False),
)
# id, store, whom, type, status, finalised (UTC), item, pack size, packs
_INVOICES = (
    ("i1", "A", "supplier", "supplier_invoice", "finalised", "2025-12-10T00:00", "P", "100", "10"),
    ("i2", "A", "store-B", "customer_invoice", "finalised", "2026-02-20T00:00", "P", "10", "10"),
    ("i3", "A", "hospital", "customer_invoice", "finalised", "2026-03-05T00:00", "P", "100", "2"),
    ("i4", "A", "hospital", "customer_invoice", "confirmed", None, "P", "100", "7"),  # under way: not consumption yet
    ("i5", "A", "supplier", "supplier_invoice", "finalised", "2025-11-01T00:00", "Q", "1", "20"),
    ("i6", "A", "supplier", "supplier_invoice", "finalised", "2025-11-01T00:00", "R", "10", "5"),
    ("i7", "A", "supplier", "supplier_invoice", "finalised", "2026-03-02T00:00", "T", "10", "10"),
    ("i8", "A", "supplier", "supplier_invoice", "finalised", "2026-03-31T00:00", "T", "10", "6"),
    ("i9", "B", "store-A", "supplier_invoice", "finalised", "2026-02-21T00:00", "P", "10", "10"),
    ("i10", "B", "supplier", "supplier_invoice", "finalised", "2026-01-10T00:00", "Q", "20", "15"),
    ("i11", "B", "supplier", "supplier_invoice", "finalised", "2025-12-05T00:00", "R", "10", "4"),
    ("i12", "C", "supplier", "supplier_invoice", "finalised", "2025-10-15T00:00", "P", "10", "50"),
)
# columns: id, store, status, dispensed in UTC, item, units of one
_PRESCRIPTIONS = (
    ("d1", "A", "finalised", "2026-01-10T00:00", "P", "124"),
    ("d2", "A", "finalised", "2026-02-10T00:00", "P", "100"),
    ("d3", "A", "finalised", "2026-03-31T10:59", "P", "76"),  # 23:59 in Auckland
    ("d4", "A", "finalised", "2026-03-31T11:01", "P", "24"),  # a minute past midnight there: April
    ("d5", "A", "new", "2026-03-01T00:00", "P", "999"),  # not finalised
    ("d6", "A", "finalised", "2025-12-20T00:00", "R", "50"),
    ("d7", "A", "finalised", "2026-03-04T00:00", "T", "100"),
    ("d8", "B", "finalised", "2026-03-10T00:00", "P", "39"),
    ("d9", "B", "finalised", "2026-02-10T00:00", "Q", "10"),
    ("d10", "B", "finalised", "2026-03-10T00:00", "Q", "10"),
    ("d11", "C", "finalised", "2025-12-01T00:00", "P", "90"),
    ("d12", "C", "finalised", "2026-02-10T00:00", "P", "30"),
)


def rows(con: Connection, table: str, given: Iterable[Mapping[str, Any]]) -> None:
    """Puts rows into a replica; columns not given are NULL."""
    schema = SCHEMA.frame_schema(table)
    blank = dict.fromkeys(schema)
    replicas.put_rows(con, table, pl.DataFrame([{**blank, **row} for row in given], schema=schema), SCHEMA)


def fill(con: Connection) -> None:
    """The network in an empty warehouse, seen at ``AS_OF_AT``."""
    _places(con)
    rows(con, "stock_line", (_line(*line) for line in _LINES))
    rows(con, "invoice", (_invoice(*invoice[:6]) for invoice in _INVOICES))
    rows(con, "invoice_line", (_invoice_line(invoice[0], *invoice[6:]) for invoice in _INVOICES))
    rows(con, "prescription", (_prescription(*prescription[:4]) for prescription in _PRESCRIPTIONS))
    rows(
        con,
        "prescription_line",
        (
            {"id": f"{key}l", "prescription_id": key, "item_id": item, "pack_size": Decimal(1), "packs": Decimal(units)}
            for key, _, _, _, item, units in _PRESCRIPTIONS
        ),
    )
    _loss(con)
    con.execute("set variable as_of_at = ?::timestamptz", [AS_OF_AT])


def _places(con: Connection) -> None:
    sites = (Site(1, "main", name="Main"), Site(2, "clinic", name="Clinic"), Site(3, "far", name="Far"))
    put_sites(con, Topology("main", "main", sites, (), time_zone="Pacific/Auckland", currency="NZD"))
    con.execute("insert into ledger.instance values (1, 'A', 'active'), (2, 'B', 'active'), (3, 'C', 'active')")
    con.execute("update ledger.site set bookmark = 'x', last_contact_at = ?, data_as_of_at = ?", [AS_OF_AT] * 2)
    con.execute(
        "update ledger.site set last_contact_at = ?, data_as_of_at = ? where site_code = 'far'", [FAR_AS_OF_AT] * 2
    )
    names = {"store-A": "Central store", "store-B": "Clinic", "store-C": "Far clinic"}
    rows(con, "name", ({"id": key, "name": name} for key, name in names.items()))
    rows(con, "name", ({"id": key, "name": key.title()} for key in ("supplier", "hospital")))
    rows(con, "store", ({"id": code, "code": code, "name_id": f"store-{code}", "mode": "dispensary"} for code in "ABC"))
    rows(con, "store_preference", [{"id": "B", "amc_months": 2, "min_months": Decimal(2), "max_months": Decimal(4)}])
    rows(con, "unit", [{"id": "each", "name": "each"}])
    rows(con, "item", ({"id": i, "code": i, "name": name, "unit_id": "each"} for i, name in _ITEMS.items()))
    rows(con, "location", [{"id": "shelf", "store_id": "A", "code": "S1"}])
    rows(con, "location", [{"id": "quarantine", "store_id": "A", "code": "Q1", "on_hold": True}])
    rows(con, "master_list", [{"id": "l", "code": "EML", "name": "Essential"}])
    rows(con, "master_list_store", [{"id": "l-A", "master_list_id": "l", "store_id": "A"}])
    rows(con, "master_list_line", ({"id": f"l-{i}", "master_list_id": "l", "item_id": i} for i in "PS"))


def _loss(con: Connection) -> None:
    """Five of Q counted as lost at A, the day after 20 came."""
    rows(
        con,
        "inventory_adjustment",
        [
            {
                "id": "a1",
                "store_id": "A",
                "type": "loss",
                "status": "finalised",
                "finalised_at": moment("2025-11-02T00:00"),
            }
        ],
    )
    line = {"id": "a1l", "inventory_adjustment_id": "a1", "item_id": "Q", "pack_size": Decimal(1), "packs": Decimal(5)}
    rows(con, "inventory_adjustment_line", [line])


def _line(
    key: str,
    store: str,
    item: str,
    location: str | None,
    batch: str,
    expiry: date | None,
    pack_size: str | None,
    packs: str,
    set_aside: str,
    cost: str | None,
    on_hold: bool,
) -> dict[str, Any]:
    return {
        "id": key,
        "store_id": store,
        "item_id": item,
        "location_id": location,
        "batch": batch,
        "expiry_date": expiry,
        "pack_size": _decimal(pack_size),
        "total_packs": Decimal(packs),
        "available_packs": Decimal(packs) - Decimal(set_aside),
        "cost_price_per_pack": _decimal(cost),
        "on_hold": on_hold,
    }


def _invoice(key: str, store: str, whom: str, kind: str, status: str, at: str | None) -> dict[str, Any]:
    return {
        "id": key,
        "store_id": store,
        "other_name_id": whom,
        "type": kind,
        "status": status,
        "finalised_at": at and moment(at),
    }


def _invoice_line(document: str, item: str, pack_size: str, packs: str) -> dict[str, Any]:
    return {
        "id": f"{document}l",
        "invoice_id": document,
        "item_id": item,
        "pack_size": Decimal(pack_size),
        "packs": Decimal(packs),
    }


def _prescription(key: str, store: str, status: str, at: str) -> dict[str, Any]:
    return {"id": key, "store_id": store, "status": status, "dispensed_at": moment(at)}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
