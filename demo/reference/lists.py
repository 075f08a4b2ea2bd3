"""What each store keeps: master lists and the stores' own items."""

from __future__ import annotations

from demo.reference.dice import Dice
from demo.reference.frames import Tables, records
from demo.reference.medicines import Medicine, medicines
from demo.reference.places import STORES, DemoStore, fixed_id


def store_items(store: DemoStore) -> tuple[Medicine, ...]:
    """The items a store keeps; a store that another supplies keeps only what that one has."""
    choices = medicines()
    if store.supplied_by:
        choices = store_items(next(other for other in STORES if other.code == store.supplied_by))
    return tuple(Dice(f"items:{store.code}").sample(choices, store.items))


def list_tables(dice: Dice) -> Tables:
    """Master lists, the stores that use them, and the items each store keeps."""
    listed = medicines()
    lists = {
        "Essential medicines": [medicine for medicine in listed if medicine.ven in "VE"],
        "Clinic list": dice.sample([medicine for medicine in listed if medicine.ven == "V"], 90),
        "Hospital list": dice.sample(listed, 240),
        "Immunisation": [medicine for medicine in listed if medicine.is_vaccine],
    }
    programme = {"id": fixed_id("program", "EPI"), "code": "EPI", "name": "Immunisation", "is_immunisation": True}
    lines = ((name, medicine) for name, members in lists.items() for medicine in members)
    used = ((name, store) for store in STORES for name in _used_by(store))
    kept = ((store, medicine) for store in STORES for medicine in store_items(store))
    return {
        "program": records("program", [programme]),
        "master_list": records("master_list", (_list(name) for name in lists)),
        "master_list_line": records("master_list_line", (_line(*pair) for pair in lines)),
        "master_list_store": records("master_list_store", (_use(*pair) for pair in used)),
        "item_store_join": records("item_store_join", (_kept(*pair) for pair in kept)),
    }


def _used_by(store: DemoStore) -> tuple[str, str]:
    return ("Essential medicines", "Hospital list") if store.items > 200 else ("Clinic list", "Immunisation")


def _list(name: str) -> dict[str, object]:
    return {
        "id": fixed_id("master_list", name),
        "code": name[:3].upper(),
        "name": name,
        "program_id": fixed_id("program", "EPI") if name == "Immunisation" else None,
        "is_active": True,
    }


def _line(name: str, medicine: Medicine) -> dict[str, object]:
    return {
        "id": fixed_id("master_list_line", f"{name}:{medicine.code}"),
        "master_list_id": fixed_id("master_list", name),
        "item_id": fixed_id("item", medicine.code),
    }


def _use(name: str, store: DemoStore) -> dict[str, object]:
    return {
        "id": fixed_id("master_list_store", f"{name}:{store.code}"),
        "master_list_id": fixed_id("master_list", name),
        "store_id": store.id,
    }


def _kept(store: DemoStore, medicine: Medicine) -> dict[str, object]:
    return {
        "id": fixed_id("item_store_join", f"{store.code}:{medicine.code}"),
        "item_id": fixed_id("item", medicine.code),
        "store_id": store.id,
        "ignore_for_orders": False,
    }
