"""The clerks of a supplying store: they answer the requests and fill the orders that other stores sent (section 8).

supplysync made the papers they find, and gave each its number at the site; nobody touches one before (B24).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from demo.people.desk import Desk, StockLine
from demo.people.invoices import finalise, hand_out, write_invoice

_ASKED = (
    "SELECT id, other_name_id FROM requisition WHERE store_id = ? AND type = 'response' AND status = 'new'"
    " AND linked_requisition_id IS NOT NULL AND number > 0 ORDER BY id"
)
_ASKED_LINES = (
    "SELECT id, item_id, CAST(requested_units AS TEXT) FROM requisition_line WHERE requisition_id = ? ORDER BY id"
)
_ORDERED = (
    "SELECT id FROM invoice WHERE store_id = ? AND type = 'customer_invoice' AND status = 'new'"
    " AND purchase_order_id IS NOT NULL AND number > 0 ORDER BY id"
)
_ORDERED_LINES = (
    "SELECT id, item_id, purchase_order_line_id, CAST(packs AS TEXT), CAST(pack_size AS TEXT) FROM invoice_line"
    " WHERE invoice_id = ? ORDER BY id"
)
_AT_MOST = 2  # batches for one line of an order
_IN_FULL = 0.85

Given = dict[StockLine, Decimal]


def answer(desk: Desk) -> bool:
    """A request is answered: so much of each line as there is, and the goods go out on an invoice for it."""
    asked = desk.some(1, _ASKED, desk.store_id)
    for response, customer in asked:
        given: Given = {}
        for line, item, units in desk.db.execute(_ASKED_LINES, (response,)):
            part = 100 if desk.dice.happens(_IN_FULL) else desk.dice.number(30, 95)
            wanted = Decimal(units or 0) * part / 100
            chosen = _from_shelf(desk, item, wanted, given)
            supplied = sum((packs * stock.pack_size for stock, packs in chosen.items()), Decimal(0))
            desk.db.execute("UPDATE requisition_line SET supplied_units = ? WHERE id = ?", (str(supplied), line))
            given |= chosen
        desk.db.execute(
            "UPDATE requisition SET status = 'finalised', finalised_at = ? WHERE id = ?", (desk.moment, response)
        )
        if given:
            invoice = write_invoice(desk, "customer_invoice", customer, is_final=True, requisition_id=response)
            hand_out(desk, invoice, given)
    return bool(asked)


def fill(desk: Desk) -> bool:
    """An order is filled from the shelf and sent: what is not there is struck out, and at times something is added.

    One of which nothing is there stays as it is.
    """
    for (invoice,) in desk.some(1, _ORDERED, desk.store_id):
        given: Given = {}
        lines = desk.db.execute(_ORDERED_LINES, (invoice,))
        by_line: dict[str, Given] = {}
        for line, item, _, packs, pack_size in lines:
            by_line[line] = _from_shelf(desk, item, Decimal(packs or 0) * Decimal(pack_size or 0), given)
            given |= by_line[line]
        if not given:
            return False
        for line, _, order_line, _, _ in lines:
            _fill_line(desk, invoice, line, order_line, by_line[line])
        if desk.dice.happens(0.4):
            added = [stock for stock in desk.stock(1) if stock.id not in {line.id for line in given}]
            hand_out(desk, invoice, {stock: desk.some_of(stock, part=10) for stock in added})
        finalise(desk, invoice)
        return True
    return False


def _from_shelf(desk: Desk, item: str, units: Decimal, taken: Mapping[StockLine, Decimal]) -> Given:
    """Whole packs of an item, up to ``units``, the first to expire first; now and then of two batches on purpose."""
    chosen: Given = {}
    there = [line for line in desk.stock_of(item) if line not in taken]
    for line in there:
        packs = min(line.available_packs, units / line.pack_size if line.pack_size else Decimal(0)) // 1
        if packs < 1:
            continue
        if not chosen and packs > 1 and len(there) > 1 and desk.dice.happens(0.3):
            packs //= 2
        chosen[line] = packs
        units -= packs * line.pack_size
        if len(chosen) == _AT_MOST:
            break
    return chosen


def _fill_line(desk: Desk, invoice: str, line: str, order_line: str, chosen: Given) -> None:
    """The line says which batch it is filled from; a second batch is a line of its own; without any it is deleted."""
    if not chosen:
        desk.db.execute("DELETE FROM invoice_line WHERE id = ?", (line,))
        return
    (stock, packs), *rest = chosen.items()
    filled = stock.described() | {"packs": packs}
    columns = ", ".join(f"{name} = ?" for name in filled)
    values = [str(value) if value is not None else None for value in filled.values()]
    desk.db.execute(f"UPDATE invoice_line SET {columns} WHERE id = ?", (*values, line))
    desk.move(stock.id, total=-packs, available=-packs)
    hand_out(desk, invoice, dict(rest), purchase_order_line_id=order_line)
