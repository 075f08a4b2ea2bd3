"""The people of a store at work: each function is one thing a person does, and says whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from demo.desk import Desk
from demo.shelves import adjust, count, tidy

_OPEN = "SELECT id FROM invoice WHERE store_id = ? AND status <> 'finalised' AND type = ? ORDER BY id"
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
    invoice = _invoice(desk, "supplier_invoice", supplier[0][0], "new")
    desk.add("invoice_line", *(_delivered(desk, *item) | {"invoice_id": invoice} for item in items))
    if desk.dice.happens(0.8):
        _put_away(desk, invoice)
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
    customer = desk.some(
        1, "SELECT name_id FROM name_store_join WHERE store_id = ? AND is_customer ORDER BY name_id", desk.store_id
    )
    stock = desk.stock(desk.dice.number(1, 5))
    if not customer or not stock:
        return False
    is_final = desk.dice.happens(0.8)
    invoice = _invoice(desk, "customer_invoice", customer[0][0], "finalised" if is_final else "new")
    given = {line: desk.some_of(line) for line in stock}
    lines = [line.described() | {"invoice_id": invoice, "packs": packs} for line, packs in given.items()]
    desk.add("invoice_line", *lines)
    for line, packs in given.items():
        desk.move(line.id, total=-packs if is_final else _NONE, available=-packs)
    return True


def finish(desk: Desk) -> bool:
    """A picked issue is finalised, or an entered delivery put on the shelf."""
    picked = desk.some(1, _OPEN, desk.store_id, "customer_invoice")
    if picked:
        for line, packs in _taken(desk, picked[0][0]):
            desk.move(line, total=-packs, available=_NONE)
        _finalise(desk, picked[0][0])
        return True
    entered = desk.some(1, _OPEN, desk.store_id, "supplier_invoice")
    if entered:
        _put_away(desk, entered[0][0])
    return bool(entered)


def cancel(desk: Desk) -> bool:
    """An unfinished issue is deleted, lines first; what it promised is free again."""
    picked = desk.some(1, _OPEN, desk.store_id, "customer_invoice")
    if not picked:
        return False
    for line, packs in _taken(desk, picked[0][0]):
        desk.move(line, total=_NONE, available=packs)
    desk.db.execute("DELETE FROM invoice_line WHERE invoice_id = ?", (picked[0][0],))
    desk.db.execute("DELETE FROM invoice WHERE id = ?", (picked[0][0],))
    return True


def ask(desk: Desk) -> bool:
    """A request to another store that waits is sent off; where none waits, one is written."""
    waiting = desk.some(
        1,
        "SELECT id FROM requisition WHERE store_id = ? AND type = 'request' AND status = 'new' ORDER BY id",
        desk.store_id,
    )
    for (request,) in waiting:
        desk.db.execute(
            "UPDATE requisition SET status = 'finalised', finalised_at = ? WHERE id = ?", (desk.moment, request)
        )
    return bool(waiting) or _request(desk)


def _request(desk: Desk) -> bool:
    seller = desk.some(
        1,
        "SELECT n.id FROM name_store_join AS j JOIN name AS n ON n.id = j.name_id"
        " WHERE j.store_id = ? AND j.is_supplier AND n.type = 'store' ORDER BY n.id",
        desk.store_id,
    )
    stock = desk.stock(desk.dice.number(3, 8))
    if not seller or not stock:
        return False
    head = {"store_id": desk.store_id, "other_name_id": seller[0][0], "type": "request", "status": "new"}
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


# What people do in a day, and how often at an ordinary store.
WORK: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "receipts": (receive, 0.7),
    "issues": (issue, 3.0),
    "finished": (finish, 0.6),
    "cancelled": (cancel, 0.2),
    "adjustments": (adjust, 0.4),
    "stocktakes": (count, 0.15),
    "edits": (tidy, 1.0),
    "requests": (ask, 0.2),
}


def _invoice(desk: Desk, kind: str, other_name_id: str, status: str) -> str:
    is_final = status == "finalised"
    row = {
        "store_id": desk.store_id,
        "other_name_id": other_name_id,
        "type": kind,
        "status": status,
        "number": desk.next_number("invoice", kind),
        "on_hold": False,
        "created_at": desk.now,
        "confirmed_at": desk.now if is_final else None,
        "finalised_at": desk.now if is_final else None,
    }
    return desk.add("invoice", row)[0]


def _finalise(desk: Desk, invoice: str) -> None:
    desk.db.execute(
        "UPDATE invoice SET status = 'finalised', confirmed_at = ?, finalised_at = ? WHERE id = ?",
        (desk.moment, desk.moment, invoice),
    )


def _taken(desk: Desk, invoice: str) -> list[tuple[str, Decimal]]:
    """The stock lines an invoice takes from, and the packs."""
    found = desk.db.execute(
        "SELECT stock_line_id, CAST(packs AS TEXT) FROM invoice_line"
        " WHERE invoice_id = ? AND stock_line_id IS NOT NULL ORDER BY id",
        (invoice,),
    )
    return [(line, Decimal(packs)) for line, packs in found]


def _put_away(desk: Desk, invoice: str) -> None:
    """Finalise a delivery: each of its lines becomes a stock line."""
    names = ("item_id", "batch", "expiry_date", "pack_size", "cost_price_per_pack", "sell_price_per_pack")
    chosen = ", ".join(f"CAST({name} AS TEXT)" for name in (*names, "packs"))
    supplier = desk.db.execute("SELECT other_name_id FROM invoice WHERE id = ?", (invoice,))[0][0]
    for line, *values, packs in desk.db.execute(
        f"SELECT id, {chosen} FROM invoice_line WHERE invoice_id = ? ORDER BY id", (invoice,)
    ):
        stock = dict(zip(names, values, strict=True)) | {"store_id": desk.store_id, "supplier_name_id": supplier}
        stock |= {"total_packs": packs, "available_packs": packs, "on_hold": False}
        desk.db.execute(
            "UPDATE invoice_line SET stock_line_id = ? WHERE id = ?", (desk.add("stock_line", stock)[0], line)
        )
    _finalise(desk, invoice)
