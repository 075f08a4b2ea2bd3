"""Whom a store deals with: the names it sees (T4), and besides the store that supplies it and those it supplies.

Goods go down, from Central to warehouses and hospitals and from there to clinics and dispensaries, also where the
stores are next door to each other. Only returns go back up.
"""

from __future__ import annotations

from demo.people.desk import Desk
from demo.reference.places import STORES, DemoStore

_CUSTOMERS = "SELECT name_id FROM name_store_join WHERE store_id = ? AND is_customer"
_STORES = "SELECT id FROM name WHERE type = 'store'"
_SUPPLYING = f"SELECT name_id FROM name_store_join WHERE store_id = ? AND is_supplier AND name_id IN ({_STORES})"


def customer(desk: Desk) -> str | None:
    """The name of somebody to issue to, by chance: two times in five a store, else anybody."""
    here = _store(desk)
    supplied = [store for store in STORES if here and store.supplied_by == here.code]
    next_door, names = _named([store for store in supplied if store.id in desk.active_stores])
    if desk.dice.happens(0.4):
        only = f"{_CUSTOMERS} AND name_id IN ({_STORES}) UNION {next_door} ORDER BY 1"
        store = _one(desk, only, desk.store_id, *names)
        if store:
            return store
    return _one(desk, f"{_CUSTOMERS} UNION {next_door} ORDER BY 1", desk.store_id, *names)


def supplying_store(desk: Desk) -> str | None:
    """The name of a store to ask for stock, by chance: of those it sees, and the one its goods come from (X7)."""
    here = _store(desk)
    supplier, names = _named([store for store in STORES if here and store.code == here.supplied_by])
    return _one(desk, f"{_SUPPLYING} UNION {supplier} ORDER BY 1", desk.store_id, *names)


def _store(desk: Desk) -> DemoStore | None:
    """None where the store is of no place of the demo: somebody added it."""
    return next((store for store in STORES if store.id == desk.store_id), None)


def _named(stores: list[DemoStore]) -> tuple[str, list[str]]:
    marks = ", ".join("?" for _ in stores) or "NULL"
    return f"SELECT id FROM name WHERE id IN ({marks})", [store.name_id for store in stores]


def _one(desk: Desk, sql: str, *parameters: object) -> str | None:
    found = desk.some(1, sql, *parameters)
    return str(found[0][0]) if found else None
