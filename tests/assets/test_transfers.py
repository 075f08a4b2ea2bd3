"""Transfers between stores on two sites, end to end (section 8, X2, X4, X5, X6, X7, B22, B30)."""

from __future__ import annotations

from tests.assets.clinics import Clinics
from tests.assets.small_network import NOW

EVERYWHERE = {"central", "north", "south", "warehouse"}


def invoice(record_id: str, store: str, to: str, **more: object) -> dict[str, object]:
    return {
        "id": record_id,
        "store_id": store,
        "other_name_id": f"name-{to}",
        "type": "customer_invoice",
        "status": "finalised",
        "number": 17,
        "finalised_at": NOW.isoformat(),
        **more,
    }


def line(record_id: str, invoice_id: str, **more: object) -> dict[str, object]:
    return {
        "id": record_id,
        "invoice_id": invoice_id,
        "item_id": "amoxicillin",
        "pack_size": 100,
        "packs": 5,
        "sell_price_per_pack": 2.5,
        **more,
    }


def test_x2_smoke(either_clinics: Clinics) -> None:
    c = either_clinics
    c.people_put("north", "invoice", invoice("issue", "NTH", "SDS", their_reference="PO 4"))
    c.people_put("north", "invoice_line", line("issue-1", "issue"))
    c.cycle()
    print(c.warehouse("select * from ledger.transfer"))
    print(c.warehouse("select table_name, record_id, scopes, shared from ledger.record where table_name like 'invoice%'"))
    print(c.rows("south", "invoice"), c.rows("south", "invoice_line"), c.rows("south","transfer_log"))
    print(c.rows("north", "invoice"), c.rows("north", "invoice_line"))
    c.cycle()
    print(c.rows("north", "invoice"), c.rows("north", "invoice_line"), c.rows("north","transfer_log"))
    assert 0
