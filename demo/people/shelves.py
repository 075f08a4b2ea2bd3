"""The people of a store at the shelves: counting, putting right, and pricing what is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from demo.people.desk import Desk, StockLine
from demo.reference.places import fixed_id

_NONE = Decimal(0)


def adjust(desk: Desk) -> bool:
    """Something was found or broken."""
    return _adjustment(desk, {line: _difference(desk, line) for line in desk.stock(desk.dice.number(1, 2))})


def count(desk: Desk) -> bool:
    """A shelf is counted; the differences become an adjustment (B42)."""
    stock = desk.stock(desk.dice.number(5, 12))
    if not stock:
        return False
    change = {line: _difference(desk, line) for line in stock if desk.dice.happens(0.2)}
    stocktake = desk.add(
        "stocktake",
        {
            "store_id": desk.store_id,
            "number": desk.next_number("stocktake", "stocktake"),
            "status": "finalised",
            "created_at": desk.now - timedelta(hours=2),
            "finalised_at": desk.now,
            "description": "Shelf count",
        },
    )[0]
    lines = [
        line.described()
        | {
            "stocktake_id": stocktake,
            "snapshot_packs": line.total_packs,
            "counted_packs": line.total_packs + change.get(line, _NONE),
        }
        for line in stock
    ]
    desk.add("stocktake_line", *lines)
    _adjustment(desk, {line: packs for line, packs in change.items() if packs > 0}, stocktake)
    _adjustment(desk, {line: packs for line, packs in change.items() if packs < 0}, stocktake)
    return True


def tidy(desk: Desk) -> bool:
    """Stock gets another price, or is put on hold or let go; or a comment goes on a document."""
    stock = desk.stock(1)
    if not stock:
        return False
    if desk.dice.happens(0.4):
        documents = desk.some(1, "SELECT id FROM invoice WHERE store_id = ? ORDER BY id", desk.store_id)
        comment = f"Checked again on {desk.now:%d %B}"
        for (document,) in documents:
            desk.db.execute("UPDATE invoice SET comment = ? WHERE id = ?", (comment, document))
    elif desk.dice.happens(0.7):
        price = (stock[0].cost * Decimal(desk.dice.number(105, 140)) / 100).quantize(Decimal("0.01"))
        desk.db.execute(
            "UPDATE stock_line SET sell_price_per_pack = CAST(? AS NUMERIC) WHERE id = ?", (str(price), stock[0].id)
        )
    else:
        desk.db.execute("UPDATE stock_line SET on_hold = NOT on_hold WHERE id = ?", (stock[0].id,))
    return True


def _difference(desk: Desk, line: StockLine) -> Decimal:
    return Decimal(1) if desk.dice.happens(0.4) else -desk.some_of(line, part=10)


def _adjustment(desk: Desk, change: Mapping[StockLine, Decimal], stocktake: str | None = None) -> bool:
    """An adjustment of one kind: the first line's; lines of the other kind wait for another day."""
    if not change:
        return False
    kind = "gain" if next(iter(change.values())) > 0 else "loss"
    reason = fixed_id("reason_option", "Found" if kind == "gain" else "Damaged")
    head = desk.add(
        "inventory_adjustment",
        {
            "store_id": desk.store_id,
            "type": kind,
            "number": desk.next_number("inventory_adjustment", "inventory_adjustment"),
            "status": "finalised",
            "created_at": desk.now,
            "finalised_at": desk.now,
            "stocktake_id": stocktake,
        },
    )[0]
    alike = {line: packs for line, packs in change.items() if (packs > 0) == (kind == "gain")}
    told = {"inventory_adjustment_id": head, "reason_id": reason}
    desk.add("inventory_adjustment_line", *(line.described() | told | {"packs": abs(alike[line])} for line in alike))
    for line, packs in alike.items():
        desk.move(line.id, total=packs, available=packs)
    return True
