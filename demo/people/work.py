"""The people of a store at work: each function is one thing a person does, and says whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from demo.people.desk import Desk
from demo.people.invoices import delete, finalise, hand_out, put_away, taken, write_invoice
from demo.people.partners import customer
from demo.people.shelves import adjust, count, tidy

# what the store itself began; what arrived from other stores, even if called off, is the work of others (demo.clerks)
_OPEN = (
    "SELECT id FROM invoice WHERE store_id = ? AND status <> 'finalised' AND type = ?"
    " AND linked_invoice_id IS NULL AND purchase_order_id IS NULL"
    " AND COALESCE(their_reference, '') NOT LIKE 'from %' ORDER BY id"
)
_NONE = Decimal(0)


def receive(desk: Desk) -> bool:
    """A delivery from a supplier comes in; one in five is only entered, and finalised another day."""
    supplier = desk.some(
        1,
        "SELECT n.id FROM name_store_join AS j JOIN name AS n ON n.id = j.name_id"
        " WHERE j.store_id = ? AND j.is_supplier AND n.type IN ('supplier', 'donor') ORDER BY n.id",
        desk.store_id,
    )
    items = desk.some(
        desk.dice.number(2, 6),
        "SELECT DISTINCT item_id, CAST(pack_size AS TEXT), CAST(MAX(cost_price_per_pack) AS TEXT) FROM stock_line"
        " WHERE store_id = ? GROUP BY item_id, pack_size ORDER BY 1, 2",
        desk.store_id,
    )
    if not supplier or not items:
        return False
    invoice = write_invoice(desk, "supplier_invoice", supplier[0][0])
    desk.add("invoice_line", *(_delivered(desk, *item) | {"invoice_id": invoice} for item in items))
    if desk.dice.happens(0.8):
        put_away(desk, invoice)
    return True


def _delivered(desk: Desk, item_id: str, pack_size: str, cost: str) -> dict[str, object]:
    return {
        "item_id": item_id,
        "batch": f"S{desk.dice.number(10_000, 99_999)}",
        "expiry_date": (desk.now + timedelta(days=desk.dice.number(200, 900))).date(),
        "pack_size": Decimal(pack_size),
        "packs": Decimal(desk.dice.number(1, 12) * 5),
        "cost_price_per_pack": Decimal(cost),
        "sell_price_per_pack": (Decimal(cost) * Decimal("1.15")).quantize(Decimal("0.01")),
    }


def issue(desk: Desk) -> bool:
    """A customer is served from the shelf; one in five is only picked, and finalised another day."""
    buyer, stock = customer(desk), desk.stock(desk.dice.number(1, 5))
    if buyer is None or not stock:
        return False
    is_final = desk.dice.happens(0.8)
    invoice = write_invoice(desk, "customer_invoice", buyer, is_final=is_final)
    hand_out(desk, invoice, {line: desk.some_of(line) for line in stock}, is_final=is_final)
    return True


def finish(desk: Desk) -> bool:
    """A picked issue is finalised, or an entered delivery put on the shelf."""
    picked = desk.some(1, _OPEN, desk.store_id, "customer_invoice")
    if picked:
        for line, packs in taken(desk, picked[0][0]):
            desk.move(line, total=-packs, available=_NONE)
        finalise(desk, picked[0][0])
        return True
    entered = desk.some(1, _OPEN, desk.store_id, "supplier_invoice")
    if entered:
        put_away(desk, entered[0][0])
    return bool(entered)


def cancel(desk: Desk) -> bool:
    """An unfinished issue is deleted, lines first; what it promised is free again."""
    picked = desk.some(1, _OPEN, desk.store_id, "customer_invoice")
    if not picked:
        return False
    for line, packs in taken(desk, picked[0][0]):
        desk.move(line, total=_NONE, available=packs)
    delete(desk, "invoice", picked[0][0])
    return True


# What people do in a day, and how often at an ordinary store.
WORK: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "receipts": (receive, 0.7),
    "issues": (issue, 3.0),
    "finished": (finish, 0.6),
    "cancelled": (cancel, 0.2),
    "adjustments": (adjust, 0.4),
    "stocktakes": (count, 0.15),
    "edits": (tidy, 1.0),
}
