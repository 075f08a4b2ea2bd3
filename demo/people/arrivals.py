"""The receiving clerks: what another store sent is put away, and what was ordered is received (section 8)."""

from __future__ import annotations

from decimal import Decimal

from demo.people.desk import Desk
from demo.people.invoices import put_away, write_invoice

_ARRIVED = (
    "SELECT id, on_hold FROM invoice WHERE store_id = ? AND type = ? AND status = 'new' AND number > 0"
    " AND linked_invoice_id IS NOT NULL ORDER BY id"
)
_GOODS = (
    "SELECT id, other_name_id, purchase_order_id FROM goods_received WHERE store_id = ? AND status = 'new'"
    " AND linked_invoice_id IS NOT NULL AND number > 0 ORDER BY id"
)
_BATCH = ("item_id", "batch", "expiry_date", "pack_size", "packs", "cost_price_per_pack")


def take_in(desk: Desk) -> bool:
    """A delivery from another store is taken off hold and put away; one in three is only unpacked, for another day."""
    return _take_in(desk, "supplier_invoice")


def take_back(desk: Desk) -> bool:
    """What a customer returned is taken off hold and put away."""
    return _take_in(desk, "customer_credit")


def _take_in(desk: Desk, kind: str) -> bool:
    arrived = desk.some(1, _ARRIVED, desk.store_id, kind)
    for invoice, is_held in arrived:
        if is_held:
            desk.db.execute("UPDATE invoice SET on_hold = FALSE WHERE id = ?", (invoice,))
        if not is_held or desk.dice.happens(0.67):
            put_away(desk, invoice)
    return bool(arrived)


def receive_goods(desk: Desk) -> bool:
    """Goods received are checked and finalised; the stock comes by a supplier invoice for them (B42), and the order
    is closed."""
    arrived = desk.some(1, _GOODS, desk.store_id)
    for goods, supplier, order in arrived:
        desk.db.execute(
            "UPDATE goods_received SET status = 'finalised', on_hold = FALSE, received_at = ? WHERE id = ?",
            (desk.moment, goods),
        )
        named = {"goods_received_id": goods, "purchase_order_id": order}
        invoice = write_invoice(desk, "supplier_invoice", supplier, **named)
        chosen = ", ".join(f"CAST({name} AS TEXT)" for name in _BATCH)
        found = desk.db.execute(
            f"SELECT purchase_order_line_id, {chosen} FROM goods_received_line WHERE goods_received_id = ? ORDER BY id",
            (goods,),
        )
        lines = [dict(zip(("purchase_order_line_id", *_BATCH), row, strict=True)) for row in found]
        for line in lines:
            price = Decimal(line["cost_price_per_pack"] or 0) * Decimal("1.15")
            line |= {"invoice_id": invoice, "sell_price_per_pack": price.quantize(Decimal("0.01"))}
        desk.add("invoice_line", *lines)
        put_away(desk, invoice)
        desk.db.execute(
            "UPDATE purchase_order SET status = 'finalised' WHERE id = ? AND store_id = ? AND NOT is_centralised",
            (order, desk.store_id),
        )
    return bool(arrived)
