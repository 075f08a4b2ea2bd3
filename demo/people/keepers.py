"""The people who keep the reference data on the primary, and the mistakes that people make elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from demo.people.desk import Desk
from demo.reference.places import fixed_id

_NEW_ITEMS = ("Azathioprine tablet 50mg", "Ceftazidime injection 1g", "Dapsone tablet 100mg", "Elbow crutches pair")


def new_item(desk: Desk) -> bool:
    """An item is added to the list, and to the hospital list."""
    number = desk.db.execute("SELECT COUNT(*) FROM item")[0][0] + 1
    item = desk.add(
        "item",
        {
            "code": f"NEW{number:05}",
            "name": f"{desk.dice.picks(1, _NEW_ITEMS)[0]} ({number})",
            "unit_id": fixed_id("unit", "tablet"),
            "category_id": fixed_id("item_category", "Consumables"),
            "default_pack_size": Decimal(desk.dice.picks(1, (1, 10, 100))[0]),
            "ven_category": "E",
            "is_vaccine": False,
            "is_active": True,
        },
    )[0]
    desk.add("master_list_line", {"master_list_id": fixed_id("master_list", "Hospital list"), "item_id": item})
    return True


def rename_item(desk: Desk) -> bool:
    """An item's name is put right."""
    item, name = desk.some(1, "SELECT id, name FROM item ORDER BY id")[0]
    shorter = name.removesuffix(" (checked)")
    desk.db.execute(
        "UPDATE item SET name = ? WHERE id = ?", (f"{shorter} (checked)" if shorter == name else shorter, item)
    )
    return True


def reprice(desk: Desk) -> bool:
    """A currency gets today's rate."""
    rate = f"1.{desk.dice.number(50, 79)}"
    desk.db.execute(
        "UPDATE currency SET rate = CAST(? AS NUMERIC), rate_date = ? WHERE code = 'USD'", (rate, desk.moment[:10])
    )
    return True


def show_name(desk: Desk) -> bool:
    """A supplier becomes visible in a store that did not see it, or a supplier's join is turned off or on."""
    pairs = desk.some(
        1,
        "SELECT n.id, s.id FROM name AS n CROSS JOIN store AS s WHERE n.type = 'supplier' AND NOT EXISTS"
        " (SELECT 1 FROM name_store_join AS j WHERE j.name_id = n.id AND j.store_id = s.id) ORDER BY n.id, s.id",
    )
    if not pairs:
        return False
    name, store = pairs[0]
    desk.add("name_store_join", {"name_id": name, "store_id": store, "is_customer": False, "is_supplier": True})
    return True


def set_preference(desk: Desk) -> bool:
    """A store is to keep stock for another number of months."""
    store = desk.some(1, "SELECT id FROM store_preference ORDER BY id")[0][0]
    months = desk.dice.number(2, 6)
    desk.db.execute("UPDATE store_preference SET amc_months = ? WHERE id = ?", (months, store))
    return True


def show_patient(desk: Desk) -> bool:
    """A patient becomes visible in a dispensary that did not see them: they are sent there with all that is theirs."""
    pairs = desk.some(
        1,
        "SELECT p.id, s.id FROM patient AS p CROSS JOIN store AS s WHERE s.mode = 'dispensary' AND NOT EXISTS"
        " (SELECT 1 FROM patient_store_join AS j WHERE j.patient_id = p.id AND j.store_id = s.id) ORDER BY p.id, s.id",
    )
    desk.add("patient_store_join", *({"patient_id": patient, "store_id": store} for patient, store in pairs))
    return bool(pairs)


def merge_items(desk: Desk) -> bool:
    """Two items that turn out to be one become one, everywhere."""
    pair = desk.some(2, "SELECT id FROM item WHERE code LIKE 'NEW%' ORDER BY code")
    if len(pair) < 2:
        return False
    desk.add("item_merge", {"kept_id": pair[0][0], "merged_id": pair[1][0], "merged_at": desk.now})
    return True


def wrong_patient(desk: Desk) -> bool:
    """Someone writes into the record of a patient whose home is another dispensary."""
    found = desk.some(
        1,
        "SELECT p.id FROM patient AS p WHERE NOT EXISTS (SELECT 1 FROM store_site AS h"
        " WHERE h.store_id = p.home_store_id AND h.sync_type = 'active') ORDER BY p.id",
    )
    for (patient,) in found:
        desk.db.execute("UPDATE patient SET phone = ? WHERE id = ?", ("moved away?", patient))
    return bool(found)


def wrong_item_name(desk: Desk) -> bool:
    """Someone at a clinic renames an item; only the primary may."""
    found = desk.some(1, "SELECT id, name FROM item ORDER BY id")
    for item, name in found:
        desk.db.execute("UPDATE item SET name = ? WHERE id = ?", (f"{name} - OURS", item))
    return bool(found)


def wrong_new_name(desk: Desk) -> bool:
    """Someone at a clinic adds a supplier of their own; only the primary may."""
    name = f"Corner pharmacy {desk.dice.number(1, 999)}"
    row = {"code": "LOCAL", "name": name, "type": "supplier", "is_customer": False, "is_supplier": True}
    desk.add("name", row)
    return True


def wrong_store(desk: Desk) -> bool:
    """Someone edits another store's stock in a read-only copy, where the site has one."""
    found = desk.some(
        1,
        "SELECT l.id FROM stock_line AS l JOIN store_site AS h ON h.store_id = l.store_id"
        " WHERE h.sync_type = 'collector' ORDER BY l.id",
    )
    for (line,) in found:
        desk.db.execute("UPDATE stock_line SET batch = ? WHERE id = ?", ("WRONG", line))
    return bool(found)


# What the keepers do in a day on the primary, and how often.
KEEPING: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "new items": (new_item, 0.3),
    "item names": (rename_item, 0.5),
    "rates": (reprice, 0.3),
    "visibility": (show_name, 0.3),
    "store preferences": (set_preference, 0.2),
    "patients shown": (show_patient, 1.5),
    "merged items": (merge_items, 0.3),
}

# What goes wrong in a day at a site that is not the primary, and how often.
MISTAKES: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "wrong item names": (wrong_item_name, 0.08),
    "wrong new names": (wrong_new_name, 0.04),
    "wrong store": (wrong_store, 0.06),
    "wrong patients": (wrong_patient, 0.1),
}
