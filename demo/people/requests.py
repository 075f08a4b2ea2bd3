"""What a store asks of another: request requisitions and purchase orders, which begin transfers (section 8)."""

from __future__ import annotations

from decimal import Decimal

from demo.people.desk import Desk, StockLine
from demo.people.partners import supplying_store
from demo.reference.places import fixed_id

_WAITING_REQUEST = "SELECT id FROM requisition WHERE store_id = ? AND type = 'request' AND status = 'new' ORDER BY id"
_WAITING_ORDER = (
    "SELECT o.id FROM purchase_order AS o JOIN name AS n ON n.id = o.other_name_id"
    " WHERE o.store_id = ? AND o.status = 'new' AND n.type = 'store' AND NOT o.is_centralised ORDER BY o.id"
)


def ask(desk: Desk) -> bool:
    """A request to another store that waits is sent off; where none waits, one is written."""
    waiting = desk.some(1, _WAITING_REQUEST, desk.store_id)
    for (request,) in waiting:
        desk.db.execute(
            "UPDATE requisition SET status = 'finalised', finalised_at = ? WHERE id = ?", (desk.moment, request)
        )
    return bool(waiting) or _write_request(desk)


def _write_request(desk: Desk) -> bool:
    seller, stock = supplying_store(desk), desk.stock(desk.dice.number(3, 8))
    if seller is None or not stock:
        return False
    head = {"store_id": desk.store_id, "other_name_id": seller, "type": "request", "status": "new"}
    number = desk.next_number("requisition", "request")
    requisition = desk.add("requisition", head | {"number": number, "created_at": desk.now})[0]
    lines = (
        {
            "requisition_id": requisition,
            "item_id": line.item_id,
            "requested_units": line.pack_size * desk.dice.number(1, 20),
            "stock_on_hand_units": line.pack_size * line.total_packs,
        }
        for line in stock
    )
    desk.add("requisition_line", *lines)
    return True


def order(desk: Desk) -> bool:
    """A purchase order to another store that waits is confirmed; where none waits, one is written, and two in
    three are confirmed at once."""
    waiting = [str(order) for (order,) in desk.some(1, _WAITING_ORDER, desk.store_id)]
    written = [] if waiting else _write_order(desk)
    for one in waiting or written:
        if waiting or desk.dice.happens(0.67):
            desk.db.execute(
                "UPDATE purchase_order SET status = 'confirmed', confirmed_at = ? WHERE id = ?", (desk.moment, one)
            )
    return bool(waiting or written)


def _write_order(desk: Desk) -> list[str]:
    seller = supplying_store(desk)
    stock = _from(desk, seller) if seller else []
    if not stock:
        return []
    head: dict[str, object] = {"store_id": desk.store_id, "other_name_id": seller, "status": "new"}
    head |= {"number": desk.next_number("purchase_order", "purchase_order"), "is_centralised": False}
    head |= {"currency_id": fixed_id("currency", "NZD"), "created_at": desk.now}
    order_id = desk.add("purchase_order", head)[0]
    lines = (
        {
            "purchase_order_id": order_id,
            "item_id": line.item_id,
            "pack_size": line.pack_size,
            "ordered_packs": Decimal(desk.dice.number(1, 8)),
            "received_packs": Decimal(0),
            "price_per_pack": line.cost,
        }
        for line in stock
    )
    desk.add("purchase_order_line", *lines)
    return [order_id]


def _from(desk: Desk, seller: str) -> list[StockLine]:
    """Stock like what is to be ordered, one line an item: what came from there before, or anything."""
    found = desk.stock(desk.dice.number(2, 5), of_supplier=seller) or desk.stock(desk.dice.number(2, 5))
    return list({line.item_id: line for line in found}.values())
