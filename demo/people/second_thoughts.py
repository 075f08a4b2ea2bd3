"""What happens to transfers now and then: stock goes back, a comment is added, a half is deleted (B30)."""

from __future__ import annotations

from demo.people.desk import Desk
from demo.people.invoices import delete, hand_out, taken, write_invoice

_SENT = (
    "SELECT id FROM (SELECT id FROM invoice WHERE store_id = ? AND type = 'customer_invoice' AND status = 'finalised'"
    " AND linked_invoice_id IS NOT NULL ORDER BY finalised_at DESC, id LIMIT 10) AS lately ORDER BY id"
)
# papers of the store's own that began a transfer of which the other half is here and still as it was made
_OPEN = {
    "invoice": (
        "SELECT d.id FROM invoice AS d JOIN invoice AS r ON r.id = d.linked_invoice_id WHERE d.store_id = ?"
        " AND d.type = 'customer_invoice' AND d.status = 'finalised' AND d.purchase_order_id IS NULL"
        " AND r.status = 'new' ORDER BY d.id"
    ),
    "requisition": (
        "SELECT d.id FROM requisition AS d JOIN requisition AS r ON r.id = d.linked_requisition_id"
        " WHERE d.store_id = ? AND d.type = 'request' AND d.status = 'finalised' AND r.status = 'new' ORDER BY d.id"
    ),
    "purchase_order": (
        "SELECT d.id FROM purchase_order AS d JOIN invoice AS r ON r.id = d.linked_invoice_id WHERE d.store_id = ?"
        " AND d.status = 'confirmed' AND NOT d.is_centralised AND r.status = 'new' ORDER BY d.id"
    ),
}
# papers that arrived from another store and that nobody has worked on
_ARRIVED = {
    "invoice": (
        "SELECT id FROM invoice WHERE store_id = ? AND type IN ('supplier_invoice', 'customer_credit')"
        " AND status = 'new' AND number > 0 AND linked_invoice_id IS NOT NULL ORDER BY id"
    ),
    "requisition": (
        "SELECT id FROM requisition WHERE store_id = ? AND type = 'response' AND status = 'new' AND number > 0"
        " AND linked_requisition_id IS NOT NULL ORDER BY id"
    ),
}
# papers that arrived and name nothing any more, for the other store deleted its half (B30)
_CALLED_OFF = {
    "invoice": (
        "SELECT id FROM invoice WHERE store_id = ? AND status = 'new' AND linked_invoice_id IS NULL"
        " AND purchase_order_id IS NULL AND their_reference LIKE 'from %' ORDER BY id"
    ),
    "requisition": (
        "SELECT id FROM requisition WHERE store_id = ? AND type = 'response' AND status = 'new'"
        " AND linked_requisition_id IS NULL AND comment LIKE 'from %' ORDER BY id"
    ),
}


def send_back(desk: Desk) -> bool:
    """Something that another store sent is returned to it, at what it cost."""
    found = desk.some(
        1,
        "SELECT n.id FROM name AS n WHERE n.type = 'store' AND EXISTS (SELECT 1 FROM stock_line AS l"
        " WHERE l.supplier_name_id = n.id AND l.store_id = ? AND l.available_packs >= 1) ORDER BY n.id",
        desk.store_id,
    )
    for (supplier,) in found:
        stock = desk.stock(desk.dice.number(1, 2), of_supplier=supplier)
        credit = write_invoice(desk, "supplier_credit", supplier, is_final=True, comment="Sent by mistake")
        at_cost = {line.at_cost(): desk.some_of(line, part=10) for line in stock}
        hand_out(desk, credit, at_cost)
    return bool(found)


def remark(desk: Desk) -> bool:
    """Someone adds a comment to what was sent to another store lately."""
    sent = desk.some(1, _SENT, desk.store_id)
    for (invoice,) in sent:
        comment = f"The driver called on {desk.now:%d %B}"
        desk.db.execute("UPDATE invoice SET comment = ? WHERE id = ?", (comment, invoice))
    return bool(sent)


def call_off(desk: Desk) -> bool:
    """Something sent or asked for is called off while the other store has not touched it: the paper is deleted,
    and the stock is on the shelf again."""
    table = desk.dice.picks(1, sorted(_OPEN))[0]
    found = desk.some(1, _OPEN[table], desk.store_id)
    for (document,) in found:
        for line, packs in taken(desk, document) if table == "invoice" else ():
            desk.move(line, total=packs, available=packs)
        delete(desk, table, document)
    return bool(found)


def refuse(desk: Desk) -> bool:
    """A paper that arrived from another store is deleted as it is."""
    table = desk.dice.picks(1, sorted(_ARRIVED))[0]
    found = desk.some(1, _ARRIVED[table], desk.store_id)
    for (document,) in found:
        delete(desk, table, document)
    return bool(found)


def clear(desk: Desk) -> bool:
    """A paper that arrived, and was called off before anyone worked on it, is deleted."""
    for table, called_off in _CALLED_OFF.items():
        for (document,) in desk.some(1, called_off, desk.store_id):
            delete(desk, table, document)
            return True
    return False
