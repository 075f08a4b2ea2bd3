"""Whom a store deals with: the names it sees (T4), and the stores of its own site, next door."""

from __future__ import annotations

from demo.people.desk import Desk

_CUSTOMERS = "SELECT name_id FROM name_store_join WHERE store_id = ? AND is_customer"
_STORES = "SELECT id FROM name WHERE type = 'store'"


def customer(desk: Desk) -> str | None:
    """The name of somebody to issue to, by chance: two times in five a store, else anybody."""
    next_door, stores = _next_door(desk)
    if desk.dice.happens(0.4):
        only = f"{_CUSTOMERS} AND name_id IN ({_STORES}) UNION {next_door} ORDER BY 1"
        store = _one(desk, only, desk.store_id, *stores)
        if store:
            return store
    return _one(desk, f"{_CUSTOMERS} UNION {next_door} ORDER BY 1", desk.store_id, *stores)


def supplying_store(desk: Desk) -> str | None:
    """The name of a store to ask for stock, by chance."""
    next_door, stores = _next_door(desk)
    return _one(
        desk,
        "SELECT n.id FROM name_store_join AS j JOIN name AS n ON n.id = j.name_id"
        f" WHERE j.store_id = ? AND j.is_supplier AND n.type = 'store' UNION {next_door} ORDER BY 1",
        desk.store_id,
        *stores,
    )


def _next_door(desk: Desk) -> tuple[str, tuple[str, ...]]:
    stores = tuple(store for store in desk.active_stores if store != desk.store_id)
    marks = ", ".join("?" for _ in stores) or "NULL"
    return f"SELECT name_id FROM store WHERE id IN ({marks})", stores


def _one(desk: Desk, sql: str, *parameters: object) -> str | None:
    found = desk.some(1, sql, *parameters)
    return str(found[0][0]) if found else None
