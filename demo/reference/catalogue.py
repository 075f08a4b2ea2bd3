"""The reference data of the demo: what the people at the primary keep."""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.reference.dice import Dice
from demo.reference.frames import Tables, records
from demo.reference.lists import list_tables
from demo.reference.medicines import Medicine, medicines
from demo.reference.places import LEVELS, REGIONS, STORES, DemoStore, fixed_id
from demo.reference.settings import setting_tables

SUPPLIERS = (
    "Pacific Pharmaceuticals",
    "Southern Cross Medical",
    "MedSource International",
    "Asha Generics",
    "Harbour Surgical Supplies",
    "Unity Health Procurement",
    "Kauri Laboratories",
    "Global Vaccine Supply",
    "Orchid Diagnostics",
    "Tasman Wholesale",
    "Blue Reef Imports",
    "Summit Biologicals",
)
DONORS = (
    "Children's Health Fund",
    "Global Fund Programme",
    "Island Relief",
    "Vaccine Alliance",
    "Rotary Clubs",
)
_PLACES = (
    "Aorangi", "Birch Hill", "Coral Point", "Devonvale", "Eastbrook", "Fernside", "Greenstone", "Hillcrest",
    "Inland Bay", "Jade River", "Kingsford", "Longreach", "Mangrove", "Northgate", "Oakvale", "Palm Grove",
    "Quarry Hill", "Redcliffs", "Sandford", "Tussock", "Upper Reach", "Valley Road", "Westhaven", "Yarrow",
)  # fmt: skip
_OUTLETS = ("health post", "outreach team", "maternity unit", "outpatients", "ward", "school clinic")


def central_tables(seed: int, now: datetime) -> Tables:
    """Every table of reference data, whole, as central has it; prices are not here but on stock."""
    dice = Dice(f"{seed}:central")
    return _items() | _names() | setting_tables(now) | _stores(now) | visibility(dice) | list_tables()


def customers(store: DemoStore) -> tuple[tuple[str, str], ...]:
    """The code and name of each ward or health post that a store serves."""
    places = Dice(f"customers:{store.code}").sample(_PLACES, store.customers)
    return tuple(
        (f"{store.code}{number:02}", f"{place} {_OUTLETS[number % len(_OUTLETS)]} ({store.code})")
        for number, place in enumerate(places, start=1)
    )


def suppliers(store: DemoStore) -> tuple[str, ...]:
    """The codes of the suppliers a store buys from."""
    codes = [f"SUP{number:02}" for number in range(1, len(SUPPLIERS) + 1)]
    return tuple(Dice(f"suppliers:{store.code}").sample(codes, 8 if store.supplied_by is None else 3))


def _items() -> Tables:
    listed = medicines()
    units = sorted({medicine.unit for medicine in listed})
    categories = sorted({medicine.category for medicine in listed})
    return {
        "unit": records("unit", ({"id": fixed_id("unit", unit), "name": unit} for unit in units)),
        "item_category": records(
            "item_category", ({"id": fixed_id("item_category", name), "name": name} for name in categories)
        ),
        "item": records("item", (_item(medicine) for medicine in listed)),
    }


def _item(medicine: Medicine) -> dict[str, object]:
    return {
        "id": fixed_id("item", medicine.code),
        "code": medicine.code,
        "name": medicine.name,
        "unit_id": fixed_id("unit", medicine.unit),
        "category_id": fixed_id("item_category", medicine.category),
        "default_pack_size": medicine.pack_size * 100,
        "ven_category": medicine.ven,
        "is_vaccine": medicine.is_vaccine,
        "is_active": True,
    }


def _names() -> Tables:
    categories = (*LEVELS, "Ward or health post", "Company", "Donor")
    parties = [(store.code, store.name, "store", store.level, store.region) for store in STORES]
    parties += [
        (code, name, "facility", "Ward or health post", store.region)
        for store in STORES
        for code, name in customers(store)
    ]
    abroad = [(f"SUP{number:02}", name, "supplier", "Company", None) for number, name in enumerate(SUPPLIERS, start=1)]
    abroad += [(f"DON{number:02}", name, "donor", "Donor", None) for number, name in enumerate(DONORS, start=1)]
    marks = [(store, tag) for store in STORES for tag in store.tags]
    return {
        "region": records(
            "region",
            ({"id": fixed_id("region", name), "code": name[:3].upper(), "name": name} for name in REGIONS),
        ),
        "name_category": records(
            "name_category", ({"id": fixed_id("name_category", name), "name": name} for name in categories)
        ),
        "name": records("name", (_name(*party) for party in (*parties, *abroad))),
        "name_tag": records(
            "name_tag", ({"id": fixed_id("name_tag", tag), "name": tag} for tag in sorted({tag for _, tag in marks}))
        ),
        "name_tag_join": records("name_tag_join", (_mark(*pair) for pair in marks)),
    }


def _mark(store: DemoStore, tag: str) -> dict[str, object]:
    return {
        "id": fixed_id("name_tag_join", f"{store.code}:{tag}"),
        "name_id": store.name_id,
        "name_tag_id": fixed_id("name_tag", tag),
    }


def _name(code: str, name: str, kind: str, category: str, region: str | None) -> dict[str, object]:
    return {
        "id": fixed_id("name", code),
        "code": code,
        "name": name,
        "type": kind,
        "is_customer": kind in ("store", "facility"),
        "is_supplier": kind in ("store", "supplier", "donor"),
        "name_category_id": fixed_id("name_category", category),
        "region_id": fixed_id("region", region) if region else None,
    }


def _stores(now: datetime) -> Tables:
    created = (now - timedelta(days=900)).date()
    months = {"amc_months": 3, "min_months": 100, "max_months": 300}
    return {
        "store": records("store", (_store(store) | {"created_date": created} for store in STORES)),
        "store_preference": records(
            "store_preference", ({"id": store.id, "show_new_patients": True, **months} for store in STORES)
        ),
    }


def _store(store: DemoStore) -> dict[str, object]:
    return {
        "id": store.id,
        "code": store.code,
        "name_id": store.name_id,
        "mode": store.mode,
        "is_disabled": False,
    }


def visibility(dice: Dice) -> Tables:
    """Which names are visible in which store (B7): other stores, customers, suppliers, donors."""
    by_code = {store.code: store for store in STORES}
    found: list[dict[str, object]] = []

    def add(store: DemoStore, code: str, *, buys: bool, sells: bool) -> None:
        found.append(
            {
                "id": fixed_id("name_store_join", f"{store.code}:{code}"),
                "name_id": fixed_id("name", code),
                "store_id": store.id,
                "is_customer": buys,
                "is_supplier": sells,
            }
        )

    for store in STORES:
        for code in store.sees:
            add(store, code, buys=by_code[code].supplied_by == store.code, sells=code == store.supplied_by)
        for code, _ in customers(store):
            add(store, code, buys=True, sells=False)
        for code in suppliers(store):
            add(store, code, buys=False, sells=True)
        if dice.happens(0.4):
            add(store, f"DON{dice.number(1, len(DONORS)):02}", buys=False, sells=True)
    return {"name_store_join": records("name_store_join", found)}
