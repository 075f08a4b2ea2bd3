"""The small things of each store and site: counters, notes, fridges, users, and what never leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.frames import Tables, records, rows
from demo.reference.lists import store_items
from demo.reference.places import SITES, STORES, DemoStore, fixed_id

_KINDS = {
    "invoice": "type",
    "requisition": "type",
    "stocktake": None,
    "inventory_adjustment": None,
    "purchase_order": None,
    "goods_received": None,
    "prescription": None,
}
_PEOPLE = ("Ana Tupou", "Ben Okafor", "Chandra Rao", "Dee Nguyen", "Eli Marsh", "Faith Mwangi", "Gus Pereira")


def counters(made: Tables) -> Tables:
    """The last number of each kind of document in each store (B25); an invoice's kind is its type."""
    found = [
        made[table]
        .select("store_id", (pl.col(kind) if kind else pl.lit(table)).alias("kind"), "number")
        .group_by("store_id", "kind")
        .agg(pl.col("number").max().alias("last_number"))
        for table, kind in _KINDS.items()
    ]
    counter = pl.concat(found).with_columns(pl.format("{}:{}", "store_id", "kind").alias("id"))
    return {"document_number": rows("document_number", counter)}


def office_tables(seed: int, now: datetime) -> Tables:
    """Notes, projections, equipment and messages of the stores."""
    dice = Dice(f"{seed}:office")
    return {
        "name_note": records("name_note", (_name_note(store, now) for store in STORES)),
        "item_note": records("item_note", (_item_note(store, dice, now) for store in STORES for _ in range(3))),
        "amc_projection": records(
            "amc_projection", (_projection(store, dice, now) for store in STORES for _ in range(8))
        ),
        "asset": records("asset", (_fridge(store, dice, now) for store in STORES)),
        "sensor": records("sensor", (_sensor(store) for store in STORES)),
        "store_credential": records("store_credential", (_credential(store) for store in STORES)),
        "message": records("message", (_message(store, now) for store in STORES if store.supplied_by)),
    }


def site_tables(seed: int, now: datetime) -> dict[str, Tables]:
    """By site code: the people who log in there, its settings and its log; all but new users stay there."""
    found: dict[str, Tables] = {}
    for site in SITES:
        dice = Dice(f"{seed}:office:{site.code}")
        people = dice.sample(_PEOPLE, 3)
        users = [fixed_id("user_account", f"{site.code}:{person}") for person in people]
        found[site.code] = {
            "user_account": records("user_account", (_user(*pair) for pair in zip(users, people, strict=True))),
            "preference": records(
                "preference",
                (
                    {"id": fixed_id("preference", f"{site.code}:{key}"), "key": key, "value": value}
                    for key, value in (("language", "en"), ("backup_hour", str(dice.number(0, 5))))
                ),
            ),
            "log": records("log", (_logged(site.code, user, number, now) for number, user in enumerate(users))),
        }
    return found


def _name_note(store: DemoStore, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("name_note", store.code),
        "store_id": store.id,
        "name_id": store.name_id,
        "note": "Delivery door is at the back",
        "noted_at": now - timedelta(days=200),
    }


def _item_note(store: DemoStore, dice: Dice, now: datetime) -> dict[str, object]:
    medicine = dice.sample(store_items(store), 1)[0]
    return {
        "id": dice.ids(1)[0],
        "store_id": store.id,
        "item_id": fixed_id("item", medicine.code),
        "note": dice.picks(1, ("Kept in the locked cupboard", "Order early before the holidays"))[0],
        "noted_at": now - timedelta(days=dice.number(5, 300)),
    }


def _projection(store: DemoStore, dice: Dice, now: datetime) -> dict[str, object]:
    medicine = dice.sample(store_items(store), 1)[0]
    return {
        "id": dice.ids(1)[0],
        "store_id": store.id,
        "item_id": fixed_id("item", medicine.code),
        "amc_units": dice.number(5, 900) * 100,
        "valid_from": (now - timedelta(days=60)).date(),
    }


def _fridge(store: DemoStore, dice: Dice, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("asset", store.code),
        "store_id": store.id,
        "asset_category_id": fixed_id("asset_category", "Refrigerator"),
        "location_id": fixed_id("location", f"{store.code}:COLD"),
        "code": f"FR-{store.code}1",
        "serial": str(dice.number(10_000, 99_999)),
        "status": "functioning",
        "installed_date": (now - timedelta(days=dice.number(300, 2_000))).date(),
    }


def _sensor(store: DemoStore) -> dict[str, object]:
    return {
        "id": fixed_id("sensor", store.code),
        "store_id": store.id,
        "location_id": fixed_id("location", f"{store.code}:COLD"),
        "serial": f"LOG-{store.code}-01",
        "name": "Cold room",
        "is_active": True,
    }


def _credential(store: DemoStore) -> dict[str, object]:
    return {
        "id": fixed_id("store_credential", store.code),
        "store_id": store.id,
        "kind": "label printer",
        "login": "printer",
        "password": f"demo only {store.code}",
    }


def _message(store: DemoStore, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("message", store.code),
        "from_store_id": store.id,
        "to_store_id": fixed_id("store", str(store.supplied_by)),
        "subject": "Holiday closing",
        "body": "We are closed over the holidays; please send the next order a week early.",
        "created_at": now - timedelta(days=3),
    }


def _user(user: str, person: str) -> dict[str, object]:
    return {
        "id": user,
        "code": person.split()[0].lower(),
        "name": person,
        "email": f"{person.split()[0].lower()}@example.org",
        "password_hash": "demo only, not a hash",
        "is_active": True,
    }


def _logged(site: str, user: str, number: int, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("log", f"{site}:{number}"),
        "user_id": user,
        "event": "login",
        "message": "logged in",
        "logged_at": now - timedelta(hours=20 + number),
    }
