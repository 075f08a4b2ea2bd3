"""Random documents of a few stores, and what reports say of them worked out document by document, without SQL."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sync_rules.topology.topology import Site, Topology
from tests.warehouse.golden import rows
from tests.warehouse.test_lacking import wait
from warehouse.connection import Connection
from warehouse.ledger.sites import put_sites

TODAY = date(2026, 4, 15)
STORES, ITEMS, OUTSIDE = "ABC", "PQRS", ("hospital", "ward")
PULLED = {"A": TODAY, "B": date(2026, 3, 9), "C": date(2026, 2, 28)}
"""The day that each store's site was last pulled."""
SIGN = {"received": 1, "returned": 1, "gained": 1, "made": 1, "sent_back": -1, "issued": -1, "dispensed": -1,
        "lost": -1, "used": -1}  # fmt: skip
_INVOICES = {"received": "supplier_invoice", "returned": "customer_credit", "sent_back": "supplier_credit",
             "issued": "customer_invoice"}  # fmt: skip


@dataclass(frozen=True)
class Move:
    """One line of one finished document."""

    document: str
    store: str
    item: str
    kind: str
    day: date
    units: int
    whom: str
    batch: str

    @property
    def signed(self) -> int:
        return SIGN[self.kind] * self.units

    @property
    def month(self) -> date:
        return self.day.replace(day=1)


def moves(dice: random.Random) -> list[Move]:
    """Of each pair some, from none to twenty, over a year and up to the day that its store was pulled."""
    found = []
    for store in STORES:
        for item in ITEMS:
            for number in range(dice.choice([0, 3, 9, 20])):
                day = PULLED[store] - timedelta(days=dice.randrange(360))
                kind = dice.choice([*SIGN, "received", "issued", "issued", "returned", "dispensed"])
                whom = dice.choice([*OUTSIDE, *(f"store-{other}" for other in STORES if other != store)])
                batch = f"{store}{item}{dice.randrange(3)}"
                key = f"{store}{item}{number}"
                found.append(Move(key, store, item, kind, day, dice.randint(1, 60), whom, batch))
    return found


def put(con: Connection, found: list[Move]) -> None:
    """The documents, and on each stock line what they leave there, in an empty warehouse."""
    sites = tuple(Site(number, f"site-{store}") for number, store in enumerate(STORES, start=1))
    put_sites(con, Topology("site-A", "site-A", sites, ()))
    for number, store in enumerate(STORES, start=1):
        at = datetime.combine(PULLED[store], time(12), tzinfo=UTC)
        con.execute("insert into ledger.instance values (?, ?, 'active')", [number, store])
        con.execute(
            "update ledger.site set bookmark = 'x', last_contact_at = ?, data_as_of_at = ? where site_id = ?",
            [at, at, number],
        )
    con.execute("set variable as_of_at = ?::timestamptz", [datetime.combine(TODAY, time(12), tzinfo=UTC)])
    rows(con, "name", ({"id": key} for key in (*OUTSIDE, *(f"store-{code}" for code in STORES))))
    rows(con, "store", ({"id": code, "code": code, "name_id": f"store-{code}"} for code in STORES))
    rows(con, "item", ({"id": code, "code": code, "name": code} for code in ITEMS))
    _put_documents(con, found)
    rows(con, "stock_line", _stock_lines(found))


def table_of(move: Move) -> str:
    """The table of the document."""
    by_kind = {"dispensed": "prescription", "gained": "inventory_adjustment", "lost": "inventory_adjustment"}
    return "invoice" if move.kind in _INVOICES else by_kind.get(move.kind, "build")


def hold_back(con: Connection, found: list[Move]) -> None:
    """Documents and their lines that wait at central, as their sites have them."""
    for move in found:
        table = table_of(move)
        site = STORES.index(move.store) + 1
        wait(con, table, move.document, _texts(_header(table, move)), site=site)
        wait(con, f"{table}_line", move.document, {f"{table}_id": move.document, **_texts(_line(move))}, site=site)


def _texts(row: dict[str, object]) -> dict[str, str | None]:
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in row.items()}


def _stock_lines(found: list[Move]) -> Iterator[dict[str, object]]:
    held: dict[tuple[str, str, str], int] = defaultdict(int)
    for move in found:
        held[move.store, move.item, move.batch] += move.signed
    for (store, item, batch), units in held.items():
        packs = Decimal(units)
        yield {"id": batch, "store_id": store, "item_id": item, "batch": batch, "pack_size": Decimal(1),
               "total_packs": packs, "available_packs": packs, "cost_price_per_pack": Decimal(2)}  # fmt: skip


def _put_documents(con: Connection, found: list[Move]) -> None:
    for table, some in _by_table(found).items():
        header = [_header(table, move) for move in some]
        if table == "build":
            rows(con, table, (row | _line(move) for row, move in zip(header, some, strict=True) if move.kind == "made"))
            header = [row for row, move in zip(header, some, strict=True) if move.kind == "used"]
            some = [move for move in some if move.kind == "used"]
        rows(con, table, header)
        rows(
            con, f"{table}_line", ({"id": move.document, f"{table}_id": move.document, **_line(move)} for move in some)
        )


def _by_table(found: Iterable[Move]) -> dict[str, list[Move]]:
    tables: dict[str, list[Move]] = defaultdict(list)
    for move in found:
        tables[table_of(move)].append(move)
    return tables


def _header(table: str, move: Move) -> dict[str, object]:
    at = datetime.combine(move.day, time(9), tzinfo=UTC)
    row: dict[str, object] = {"id": move.document, "store_id": move.store, "status": "finalised"}
    if table == "prescription":
        return {**row, "dispensed_at": at}
    if table == "invoice":
        row |= {"type": _INVOICES[move.kind], "other_name_id": move.whom}
    elif table == "inventory_adjustment":
        row["type"] = "gain" if move.kind == "gained" else "loss"
    return {**row, "finalised_at": at}


def _line(move: Move) -> dict[str, object]:
    return {"item_id": move.item, "stock_line_id": move.batch, "pack_size": Decimal(1), "packs": Decimal(move.units)}


def months(first: date) -> Iterator[date]:
    """The first days of the months from that of ``first`` to that of today."""
    month = first.replace(day=1)
    while month <= TODAY:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
