"""What each store keeps: master lists, programmes and the stores' own items.

Lists are nested, as a ministry's are: what a clinic has its hospital has, and what a hospital has the central store.
"""

from __future__ import annotations

from functools import cache

from demo.reference.dice import Dice
from demo.reference.frames import Tables, records
from demo.reference.medicines import Medicine, medicines
from demo.reference.places import (
    CLINIC,
    DISPENSARY,
    ESSENTIAL,
    HIV,
    HOSPITAL,
    MALARIA,
    RESERVE,
    STORES,
    VACCINES,
    DemoStore,
    fixed_id,
)

TRACERS = (
    "AMOX0042", "ARTE0134", "ARTE0135", "BCGV0386", "DOLU0127", "GENT0076", "HIVR0452", "MALA0450", "METF0227",
    "ORAL0263", "PENT0391", "ZINC0264",
)  # fmt: skip
_PROGRAMMES = {VACCINES: "EPI", HIV: "HTB", MALARIA: "MAL"}
_PROGRAMME_OF = {
    "Vaccines": VACCINES, "Antiretrovirals": HIV, "Antituberculosis": HIV, "Antimalarials": MALARIA,
}  # fmt: skip
_PROGRAMME_TESTS = {"HIV": HIV, "TB": HIV, "Malaria": MALARIA}
_NOT_AT_CLINICS = {"Anaesthetics", "Oncology", "Mental health", "Neurology", "Dental", "Emergency"}
_SIZES = {HOSPITAL: 225, DISPENSARY: 125, CLINIC: 85}
_NOT_KEPT = 0.03
"""Of a list, what a store does without."""


@cache
def list_items() -> dict[str, tuple[Medicine, ...]]:
    """The items of each list, by its name, in the order of all items."""
    listed = medicines()
    general = sorted((each for each in listed if _programme(each) is None), key=_need)
    found = {name: set(general[:size]) for name, size in _SIZES.items()}
    found[ESSENTIAL] = {each for each in listed if each.ven in "VE"} | found[HOSPITAL]
    found[RESERVE] = {each for each in listed if each.category in ("Emergency", "Fluids")} | set(general[:65])
    for name in _PROGRAMMES:
        found[name] = {each for each in listed if _programme(each) == name}
    return {name: tuple(each for each in listed if each in members) for name, members in found.items()}


def _programme(medicine: Medicine) -> str | None:
    of_test = next((name for word, name in _PROGRAMME_TESTS.items() if medicine.name.startswith(word)), None)
    return _PROGRAMME_OF.get(medicine.category, of_test if medicine.category == "Diagnostics" else None)


def _need(medicine: Medicine) -> tuple[bool, float]:
    """What a small clinic would do without last comes first."""
    rare = "VEN".index(medicine.ven) * 0.3 + 0.8 * (medicine.category in _NOT_AT_CLINICS)
    return medicine.code not in TRACERS, rare + Dice(f"need:{medicine.code}").number(0, 100) / 100


@cache
def store_items(store: DemoStore) -> tuple[Medicine, ...]:
    """The items a store keeps: most of its lists; where another supplies it, of what that one has."""
    wanted = {each for name in store.lists for each in list_items()[name]}
    if store.supplied_by:
        wanted &= set(store_items(next(other for other in STORES if other.code == store.supplied_by)))
    dice = Dice(f"items:{store.code}")
    missing = {each for each in medicines() if dice.happens(_NOT_KEPT) and each.code not in TRACERS}
    return tuple(each for each in medicines() if each in wanted - missing)


def list_tables() -> Tables:
    """Master lists, the stores that use them, and the items each store keeps."""
    lines = ((name, medicine) for name, members in list_items().items() for medicine in members)
    used = ((name, store) for store in STORES for name in store.lists)
    kept = ((store, medicine) for store in STORES for medicine in store_items(store))
    return {
        "program": records("program", (_program(*pair) for pair in _PROGRAMMES.items())),
        "master_list": records("master_list", (_list(name) for name in list_items())),
        "master_list_line": records("master_list_line", (_line(*pair) for pair in lines)),
        "master_list_store": records("master_list_store", (_use(*pair) for pair in used)),
        "item_store_join": records("item_store_join", (_kept(*pair) for pair in kept)),
    }


def _program(name: str, code: str) -> dict[str, object]:
    return {"id": fixed_id("program", code), "code": code, "name": name, "is_immunisation": name == VACCINES}


def _list(name: str) -> dict[str, object]:
    return {
        "id": fixed_id("master_list", name),
        "code": name[:3].upper(),
        "name": name,
        "program_id": fixed_id("program", _PROGRAMMES[name]) if name in _PROGRAMMES else None,
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
