"""Invoices as a person at a desk writes and ends them: only a finalised one has moved stock (B42)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from demo.people.desk import Desk, StockLine

_NONE = Decimal(0)


def write_invoice(desk: Desk, kind: str, other_name_id: str, *, is_final: bool = False, **more: object) -> str:
    """A new invoice with the store's next number, without lines; ``more`` are further columns. Returns its id."""
    row = {
        "store_id": desk.store_id,
        "other_name_id": other_name_id,
        "type": kind,
        "status": "finalised" if is_final else "new",
        "number": desk.next_number("invoice", kind),
        "on_hold": False,
        "created_at": desk.now,
        "confirmed_at": desk.now if is_final else None,
        "finalised_at": desk.now if is_final else None,
    }
    return desk.add("invoice", row | more)[0]


def hand_out(
    desk: Desk, invoice: str, given: Mapping[StockLine, Decimal], *, is_final: bool = True, **more: object
) -> None:
    """A line for each stock line with the packs ``given``: gone if the invoice is finalised, else promised."""
    lines = [line.described() | {"invoice_id": invoice, "packs": packs, **more} for line, packs in given.items()]
    desk.add("invoice_line", *lines)
    for line, packs in given.items():
        desk.move(line.id, total=-packs if is_final else _NONE, available=-packs)


def finalise(desk: Desk, invoice: str) -> None:
    """Its status only; the caller has moved the stock."""
    desk.db.execute(
        "UPDATE invoice SET status = 'finalised', on_hold = FALSE, confirmed_at = ?, finalised_at = ? WHERE id = ?",
        (desk.moment, desk.moment, invoice),
    )


def taken(desk: Desk, invoice: str) -> list[tuple[str, Decimal]]:
    """The stock lines an invoice takes from, and the packs."""
    found = desk.db.execute(
        "SELECT stock_line_id, CAST(packs AS TEXT) FROM invoice_line"
        " WHERE invoice_id = ? AND stock_line_id IS NOT NULL ORDER BY id",
        (invoice,),
    )
    return [(line, Decimal(packs)) for line, packs in found]


def put_away(desk: Desk, invoice: str) -> None:
    """Finalise a delivery, or what a customer brings back: each of its lines becomes a stock line."""
    names = ("item_id", "batch", "expiry_date", "pack_size", "cost_price_per_pack", "sell_price_per_pack")
    chosen = ", ".join(f"CAST({name} AS TEXT)" for name in (*names, "packs"))
    kind, other = desk.db.execute("SELECT type, other_name_id FROM invoice WHERE id = ?", (invoice,))[0]
    supplier = other if kind == "supplier_invoice" else None
    for line, *values, packs in desk.db.execute(
        f"SELECT id, {chosen} FROM invoice_line WHERE invoice_id = ? ORDER BY id", (invoice,)
    ):
        stock = dict(zip(names, values, strict=True)) | {"store_id": desk.store_id, "supplier_name_id": supplier}
        stock |= {"total_packs": packs, "available_packs": packs, "on_hold": False}
        desk.db.execute(
            "UPDATE invoice_line SET stock_line_id = ? WHERE id = ?", (desk.add("stock_line", stock)[0], line)
        )
    finalise(desk, invoice)


def delete(desk: Desk, table: str, document: str) -> None:
    """Delete a document, lines first."""
    desk.db.execute(f"DELETE FROM {table}_line WHERE {table}_id = ?", (document,))
    desk.db.execute(f"DELETE FROM {table} WHERE id = ?", (document,))
