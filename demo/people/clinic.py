"""The people of a dispensary at work: patients are registered, prescriptions dispensed, repeats processed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from demo.documents.dispensary import DIRECTIONS, FIRST_NAMES, LAST_NAMES
from demo.people.desk import Desk

_SEEN = (
    "SELECT p.id FROM patient_store_join AS j JOIN patient AS p ON p.id = j.patient_id WHERE j.store_id = ?"
    " ORDER BY p.id"
)


def register(desk: Desk) -> bool:
    """A patient comes for the first time."""
    if not _dispenses(desk):
        return False
    number = desk.db.execute("SELECT COUNT(*) FROM patient")[0][0] + 1
    patient = desk.add(
        "patient",
        {
            "code": f"NEW{number:04}",
            "first_name": desk.dice.picks(1, FIRST_NAMES)[0],
            "last_name": desk.dice.picks(1, LAST_NAMES)[0],
            "date_of_birth": (desk.now - timedelta(days=desk.dice.number(300, 30_000))).date(),
            "home_store_id": desk.store_id,
        },
    )[0]
    desk.add("patient_store_join", {"patient_id": patient, "store_id": desk.store_id})
    return True


def dispense(desk: Desk) -> bool:
    """A prescription is dispensed from the shelf."""
    patient = desk.some(1, _SEEN, desk.store_id) if _dispenses(desk) else []
    stock = desk.stock(desk.dice.number(1, 3))
    if not patient or not stock:
        return False
    prescriber = desk.some(1, "SELECT id FROM prescriber ORDER BY id")
    head: dict[str, object] = {"store_id": desk.store_id, "patient_id": patient[0][0], "status": "finalised"}
    head |= {"prescriber_id": prescriber[0][0] if prescriber else None}
    head |= {"number": desk.next_number("prescription", "prescription")}
    prescription = desk.add("prescription", head | {"created_at": desk.now, "dispensed_at": desk.now})[0]
    for line in stock:
        packs = desk.some_of(line, part=20)
        row: dict[str, object] = {"prescription_id": prescription, "item_id": line.item_id, "stock_line_id": line.id}
        row |= {"pack_size": line.pack_size, "packs": packs, "directions": desk.dice.picks(1, DIRECTIONS)[0]}
        desk.add("prescription_line", row)
        desk.move(line.id, total=-packs, available=-packs)
    return True


def repeat(desk: Desk) -> bool:
    """One of a patient's repeats is used up by one, where it may be."""
    found = desk.some(
        1,
        "SELECT r.id FROM repeat AS r JOIN patient AS p ON p.id = r.patient_id"
        " WHERE p.home_store_id = ? AND r.remaining > 0 ORDER BY r.id",
        desk.store_id,
    )
    for (one,) in found:
        desk.db.execute("UPDATE repeat SET remaining = remaining - 1 WHERE id = ?", (one,))
    return bool(found)


def _dispenses(desk: Desk) -> bool:
    mode = desk.db.execute("SELECT mode FROM store WHERE id = ?", (desk.store_id,))
    return mode == [("dispensary",)]


# What people of a dispensary do in a day besides, and how often.
DISPENSING: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "new patients": (register, 0.5),
    "prescriptions": (dispense, 4.0),
    "repeats": (repeat, 0.5),
}
