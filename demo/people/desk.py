"""A person's desk in one store: what the people of the demo reach for in the site's database.

Each piece of work is one transaction of its own, as the software at a site would do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from demo.reference.dice import Dice
from demo.reference.frames import records
from sites.engines.connection import SiteDatabase

_IN_STOCK = (
    "SELECT id, item_id, batch, CAST(expiry_date AS TEXT), CAST(pack_size AS TEXT),"
    " CAST(cost_price_per_pack AS TEXT), CAST(sell_price_per_pack AS TEXT),"
    " CAST(total_packs AS TEXT), CAST(available_packs AS TEXT)"
    " FROM stock_line WHERE store_id = ? AND available_packs >= 1"
)


@dataclass(frozen=True)
class StockLine:
    """A stock line with something to give; quantities are packs, prices per pack."""

    id: str
    item_id: str
    batch: str | None
    expiry_date: str | None
    pack_size: Decimal
    cost: Decimal
    sell: Decimal
    total_packs: Decimal
    available_packs: Decimal

    def described(self) -> dict[str, object]:
        """What a line of a document says of it."""
        return {
            "stock_line_id": self.id,
            "item_id": self.item_id,
            "batch": self.batch,
            "expiry_date": self.expiry_date,
            "pack_size": self.pack_size,
            "cost_price_per_pack": self.cost,
            "sell_price_per_pack": self.sell,
        }

    def at_cost(self) -> StockLine:
        """The same, to be given for what it cost."""
        return replace(self, sell=self.cost)


@dataclass(frozen=True)
class Desk:
    """The database, the store worked for, chance, and the moment; ``active_stores`` are all that are active here."""

    db: SiteDatabase
    store_id: str
    dice: Dice
    now: datetime
    active_stores: Sequence[str] = ()

    @property
    def moment(self) -> str:
        """``now`` as both engines take it in a statement (B9)."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def some(self, count: int, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """At most ``count`` rows of a query, by chance; the query gives its rows in a fixed order."""
        there = self.db.execute(f"SELECT COUNT(*) FROM ({sql}) AS found", parameters)[0][0]
        places = self.dice.sample(range(there), count)
        return [row for place in places for row in self.db.execute(f"{sql} LIMIT 1 OFFSET {place}", parameters)]

    def stock(self, count: int, *, of_supplier: str | None = None) -> list[StockLine]:
        """At most ``count`` stock lines of the store with a pack or more to give, by chance; of one supplier only."""
        more = " AND supplier_name_id = ?" if of_supplier else ""
        given = (self.store_id, of_supplier) if of_supplier else (self.store_id,)
        return _stock_lines(self.some(count, f"{_IN_STOCK}{more} ORDER BY id", *given))

    def stock_of(self, item_id: str) -> list[StockLine]:
        """The stock lines of an item with a pack or more to give and not expired, the first to expire first."""
        usable = "(expiry_date IS NULL OR expiry_date >= ?) ORDER BY expiry_date IS NULL, expiry_date, id"
        sql = f"{_IN_STOCK} AND item_id = ? AND {usable}"
        return _stock_lines(self.db.execute(sql, (self.store_id, item_id, self.moment[:10])))

    def some_of(self, line: StockLine, part: int = 3) -> Decimal:
        """Whole packs of what a stock line has to give: one, or up to a ``part``-th of it."""
        return Decimal(self.dice.number(1, max(1, int(line.available_packs) // part)))

    def add(self, table: str, *rows: Mapping[str, object]) -> list[str]:
        """Insert rows; those without an id get a new one. Quantities as Decimal. Returns the ids."""
        ids = self.dice.ids(len(rows))
        whole = [{"id": new, **row} for new, row in zip(ids, rows, strict=True)]
        if whole:
            self.db.insert_rows(table, records(table, whole))
        return [str(row["id"]) for row in whole]

    def next_number(self, table: str, kind: str) -> int:
        """Take the store's next number of a kind of document: above the counter and what is there (B25)."""
        has_type = table in ("invoice", "requisition")
        where = "store_id = ? AND type = ?" if has_type else "store_id = ?"
        given = (self.store_id, kind) if has_type else (self.store_id,)
        used = self.db.execute(f"SELECT COALESCE(MAX(number), 0) FROM {table} WHERE {where}", given)[0][0]
        key = f"{self.store_id}:{kind}"
        counter = self.db.execute("SELECT last_number FROM document_number WHERE id = ?", (key,))
        number = 1 + max(int(used), int(counter[0][0]) if counter else 0)
        if counter:
            self.db.execute("UPDATE document_number SET last_number = ? WHERE id = ?", (number, key))
        else:
            row = {"id": key, "store_id": self.store_id, "kind": kind, "last_number": number}
            self.db.insert_rows("document_number", records("document_number", [row]))
        return number

    def move(self, stock_line_id: str, *, total: Decimal, available: Decimal) -> None:
        """Change a stock line's packs by so much."""
        self.db.execute(
            "UPDATE stock_line SET total_packs = total_packs + CAST(? AS NUMERIC),"
            " available_packs = available_packs + CAST(? AS NUMERIC) WHERE id = ?",
            (str(total), str(available), stock_line_id),
        )


def _stock_lines(found: Iterable[tuple[Any, ...]]) -> list[StockLine]:
    return [StockLine(*row[:4], *(Decimal(number or 0) for number in row[4:])) for row in found]
