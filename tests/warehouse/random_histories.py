"""Random histories of a small warehouse: all that sites and central do to what reports rest on, step by step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from sites.schema import SCHEMA
from sync_rules.topology.topology import Options, Site, Topology
from tests.warehouse.publishing import cycle, put, remove
from tests.warehouse.test_lacking import wait
from warehouse.connection import Connection, query, transaction
from warehouse.ledger.sites import put_sites
from warehouse.records import merges
from warehouse.records.door import Records

BEGIN = datetime(2026, 4, 14, 3, tzinfo=UTC)
STORES, ITEMS, NAMES = "ABCD", "PQRSTU", ("nA", "nB", "nC", "nD", "hospital", "ward", "supplier")
TYPES = {
    "invoice": ("supplier_invoice", "customer_invoice", "customer_credit", "supplier_credit"),
    "inventory_adjustment": ("gain", "loss"),
}
DOCUMENTS = ("invoice", "invoice", "prescription", "inventory_adjustment", "build", "replenishment")
ENDED = {"prescription": "dispensed_at"}


@dataclass
class History:
    """A warehouse, the dice, the time, and how many ids were given."""

    con: Connection
    dice: random.Random
    now: datetime = BEGIN
    given: int = 0
    cycles: int = 1
    done: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Four stores at three sites, with stock and some documents; cycle 1."""
        sites = (Site(1, "central"), Site(2, "clinic"), Site(3, "far"))
        put_sites(self.con, Topology("central", "central", sites, (), Options(), time_zone="Pacific/Auckland"))
        self.con.execute(
            "insert into ledger.instance values (1, 'A', 'active'), (2, 'B', 'active'), (2, 'C', 'active'), "
            "(3, 'D', 'active')"
        )
        for site in (1, 2, 3):
            self.pull(site)
        put(self.con, "name", *({"id": one, "code": one, "name": one} for one in NAMES))
        put(self.con, "store", *({"id": one, "code": one, "name_id": f"n{one}", "mode": "store"} for one in STORES))
        put(self.con, "item", *({"id": one, "code": one, "name": f"Item {one}"} for one in ITEMS))
        put(self.con, "location", *({"id": one, "code": one, "name": one, "store_id": one} for one in STORES))
        put(self.con, "reason_option", {"id": "broken", "name": "Broken"}, {"id": "stolen", "name": "Stolen"})
        put(self.con, "stock_line", *(self.stock_line(f"{one}{item}", one, item) for one in STORES for item in ITEMS))
        for _ in range(30):
            self.write_document()
        cycle(self.con, 1)

    def step(self) -> None:
        """A cycle in which some things happen."""
        for _ in range(self.dice.choice([0, 1, 1, 2, 4])):
            act = self.dice.choice(ACTS)
            self.done.append(act.__name__)
            act(self)
        self.now += timedelta(minutes=self.dice.choice([1, 20, 40]), days=self.dice.random() < 0.05)
        if self.dice.random() < 0.3:
            self.pull(self.dice.choice((1, 2, 3)))
        self.cycles += 1
        cycle(self.con, self.cycles)

    def new_id(self, what: str) -> str:
        self.given += 1
        return f"{what}{self.given}"

    def any_of(self, table: str) -> dict[str, Any] | None:
        """A row of a replica, if it has any."""
        found = query(self.con, f"select * from replica.{table} order by id").to_dicts()
        return self.dice.choice(found) if found else None

    def when(self) -> datetime:
        """A moment of the last two years, or an odd one."""
        if self.dice.random() < 0.05:
            return self.now + timedelta(days=self.dice.choice([3, -25 * 365]))
        return self.now - timedelta(hours=self.dice.randrange(700 * 24))

    def packs(self) -> Decimal | None:
        return self.dice.choice([None, Decimal(0), *map(Decimal, (1, 2, 3, 5, 8, 13))])

    def item(self) -> str | None:
        found: list[str | None] = [*ITEMS * 4, None, "unknown"]
        return self.dice.choice(found)

    def batch(self, store: str, item: str | None) -> str | None:
        """Mostly the stock line of the store and item; at times none, another one, or one that is not there."""
        other = self.dice.choice([f"{self.dice.choice(STORES)}{self.dice.choice(ITEMS)}", "nowhere", "later"])
        found: list[str | None] = [*[f"{store}{item}"] * 12, None, other]
        return self.dice.choice(found)

    def stock_line(self, key: str, store: str | None, item: str | None) -> dict[str, Any]:
        packs = self.packs()
        return {"id": key, "store_id": store, "item_id": item, "batch": key, "total_packs": packs,
                "available_packs": packs if self.dice.random() < 0.7 else self.packs(),
                "location_id": self.dice.choice([None, *STORES]), "on_hold": self.dice.random() < 0.1,
                "pack_size": self.dice.choice([None, Decimal(1), Decimal(10)]),
                "cost_price_per_pack": self.dice.choice([None, Decimal("1.5"), Decimal(3)]),
                "expiry_date": self.dice.choice([None, self.when().date(), date(2027, 1, 1)])}  # fmt: skip

    def line(self, table: str, key: str, document: str, store: str) -> dict[str, Any]:
        item = self.item()
        row = {"id": key, f"{table}_id": document, "item_id": item, "stock_line_id": self.batch(store, item),
               "from_stock_line_id": self.batch(store, item), "to_stock_line_id": self.batch(store, item),
               "pack_size": self.dice.choice([None, *[Decimal(1), Decimal(10)] * 4]), "packs": self.packs(),
               "reason_id": self.dice.choice([None, "broken", "stolen"]),
               "expiry_date": self.dice.choice([None, self.when().date()])}  # fmt: skip
        return {name: row[name] for name in row if name in SCHEMA.frame_schema(f"{table}_line")}

    def header(self, table: str, key: str) -> dict[str, Any]:
        item, store = self.item(), self.dice.choice(STORES)
        ended = ENDED.get(table, "finalised_at")
        row = {"id": key, "store_id": store, "status": self.dice.choice(["finalised"] * 3 + ["new", "confirmed"]),
               "type": self.dice.choice(TYPES.get(table, (None,))), "number": self.dice.choice([-1, 1, 2, 3]),
               "other_name_id": self.dice.choice([*NAMES, "unknown"]), "created_at": self.when(),
               ended: self.dice.choice([None, self.when(), self.when()]), "item_id": item,
               "stock_line_id": self.batch(store, item), "pack_size": Decimal(1), "packs": self.packs()}  # fmt: skip
        return {name: row[name] for name in row if name in SCHEMA.frame_schema(table)}

    def write_document(self) -> None:
        """A document of any kind, with up to three lines."""
        table = self.dice.choice(DOCUMENTS)
        header = self.header(table, self.new_id("document"))
        put(self.con, table, header)
        for _ in range(self.dice.randrange(4)):
            line = self.line(table, self.new_id("line"), header["id"], header["store_id"])
            put(self.con, f"{table}_line", line)

    def pull(self, site: int) -> None:
        """The site is pulled."""
        self.con.execute(
            "update ledger.site set bookmark = 'x', last_contact_at = $1, data_as_of_at = $1 where site_id = $2",
            [self.now, site],
        )


def _change_header(history: History) -> None:
    table = history.dice.choice(DOCUMENTS)
    if row := history.any_of(table):
        new = history.header(table, row["id"])
        chosen = history.dice.sample(sorted(new), history.dice.randint(1, 2))
        put(history.con, table, {**row, **{name: new[name] for name in chosen}})


def _change_line(history: History) -> None:
    table = history.dice.choice(DOCUMENTS)
    if row := history.any_of(f"{table}_line"):
        document = history.any_of(table) or {"id": "gone", "store_id": "A"}
        new = history.line(table, row["id"], document["id"], document["store_id"])
        chosen = history.dice.sample(sorted(new), history.dice.randint(1, 2))
        put(history.con, f"{table}_line", {**row, **{name: new[name] for name in chosen}})


def _delete_document(history: History) -> None:
    """With its lines, or, as they arrive apart, without."""
    table = history.dice.choice(DOCUMENTS)
    if row := history.any_of(table):
        remove(history.con, table, row["id"])
        if history.dice.random() < 0.7:
            lines = f"select id from replica.{table}_line where {table}_id = ?"
            for (line,) in history.con.execute(lines, [row["id"]]).fetchall():
                remove(history.con, f"{table}_line", line)


def _delete_line(history: History) -> None:
    table = history.dice.choice(DOCUMENTS)
    if row := history.any_of(f"{table}_line"):
        remove(history.con, f"{table}_line", row["id"])


def _count_stock(history: History) -> None:
    if row := history.any_of("stock_line"):
        new = history.stock_line(row["id"], history.dice.choice([*STORES, None]), history.item())
        chosen = history.dice.sample(sorted(new), history.dice.randint(1, 2))
        put(history.con, "stock_line", {**row, **{name: new[name] for name in chosen}})


def _explain_stock(history: History) -> None:
    """Stock is what the documents sum up to."""
    store, item = history.dice.choice(STORES), history.dice.choice(ITEMS)
    [(units,)] = history.con.execute(
        "select coalesce(sum(units), 0) from reports.moved_line where store_id = ? and item_id = ?", [store, item]
    ).fetchall()
    found = query(history.con, f"select id from replica.stock_line where store_id = '{store}' and item_id = '{item}'")
    for one in found["id"]:
        remove(history.con, "stock_line", one)
    line = history.stock_line(f"{store}{item}", store, item)
    put(history.con, "stock_line", {**line, "pack_size": Decimal(1), "total_packs": units, "available_packs": units})


def _bring_or_lose_stock(history: History) -> None:
    if history.dice.random() < 0.5 and (row := history.any_of("stock_line")):
        remove(history.con, "stock_line", row["id"])
    else:
        key = history.dice.choice(["later", history.new_id("stock")])
        put(history.con, "stock_line", history.stock_line(key, history.dice.choice(STORES), history.item()))


def _change_item(history: History) -> None:
    if row := history.any_of("item"):
        code = history.dice.choice([row["code"], *ITEMS, None, "", "Z"])
        name, used = history.dice.choice([row["name"], "Renamed"]), history.dice.choice([None, True, False])
        put(history.con, "item", {**row, "code": code, "name": name, "is_active": used})


def _lose_or_bring_item(history: History) -> None:
    if history.dice.random() < 0.4 and (row := history.any_of("item")):
        remove(history.con, "item", row["id"])
    else:
        put(history.con, "item", {"id": history.dice.choice([*ITEMS, "unknown"]), "code": "P", "name": "Brought"})


def _merge_items(history: History) -> None:
    """As central merges: references move to the item that is kept, joins that became equal collapse."""
    one, other = history.dice.sample(ITEMS, 2)
    with transaction(history.con):
        records = Records(history.con, SCHEMA, history.cycles)
        pairs = pl.DataFrame({"merged_id": [one], "kept_id": [other]})
        merges.move_references(records, "item", pairs)


def _merge_names(history: History) -> None:
    one, other = history.dice.sample(NAMES[4:], 2)
    with transaction(history.con):
        records = Records(history.con, SCHEMA, history.cycles)
        merges.move_references(records, "name", pl.DataFrame({"merged_id": [one], "kept_id": [other]}))


def _change_name(history: History) -> None:
    key = history.dice.choice([*NAMES, "unknown"])
    put(history.con, "name", {"id": key, "code": key, "name": history.new_id("name")})


def _change_option(history: History) -> None:
    act = history.dice.randrange(5)
    store = history.dice.choice(STORES)
    if act == 0:
        put(history.con, "reason_option", {"id": "broken", "name": history.new_id("reason")})
    elif act == 1:
        put(history.con, "location", {"id": store, "code": history.new_id("shelf"), "on_hold": True})
    elif act == 2:
        put(history.con, "store_preference", {"id": store, "amc_months": history.dice.choice([1, 2, 6]),
                                              "max_months": Decimal(history.dice.choice([2, 5]))})  # fmt: skip
    elif act == 3:
        row = {"id": store, "code": history.dice.choice([store, store, "A"]), "name_id": f"n{store}"}
        mode = history.dice.choice(["store", "dispensary"])
        put(history.con, "store", {**row, "mode": mode, "is_disabled": history.dice.random() < 0.3})
    else:
        put(history.con, "master_list", {"id": "list", "code": "list", "name": "List"})
        put(history.con, "master_list_store", {"id": store, "master_list_id": "list", "store_id": store})
        item = history.dice.choice(ITEMS)
        put(history.con, "master_list_line", {"id": item, "master_list_id": "list", "item_id": item})


def _withhold(history: History) -> None:
    """A store goes from reports, or comes back to them."""
    if history.con.execute("delete from ledger.withheld returning store_id").fetchall():
        return
    history.con.execute("insert into ledger.withheld values (?, true)", [history.dice.choice(STORES)])


def _move_store(history: History) -> None:
    history.con.execute(
        "update ledger.instance set site_id = ? where store_id = ?",
        [history.dice.choice((1, 2, 3)), history.dice.choice(STORES)],
    )


def _hold_back(history: History) -> None:
    """A line of a finished document waits; or nothing does any more."""
    if history.dice.random() < 0.3:
        history.con.execute("update ledger.quarantine set state = 'closed'")
    elif row := history.any_of("invoice"):
        line = {"invoice_id": row["id"], "item_id": history.dice.choice(ITEMS), "packs": "3", "pack_size": "1"}
        wait(history.con, "invoice_line", history.new_id("waiting"), line)


def _lack(history: History) -> None:
    """What a site has not got of a table."""
    lacking = history.dice.choice(['{"lacking": {"invoice": null}}', '{"lacking": {"stock_line": ["batch"]}}', "{}"])
    history.con.execute("update ledger.site set capture = ? where site_id = ?", [lacking, history.dice.choice((1, 2))])


def _write(history: History) -> None:
    history.write_document()


ACTS: tuple[Callable[[History], None], ...] = (
    _write, _write, _write, _change_header, _change_header, _change_line, _change_line, _delete_document, _delete_line,
    _count_stock, _explain_stock, _explain_stock, _explain_stock, _bring_or_lose_stock, _change_item,
    _lose_or_bring_item, _merge_items, _merge_names, _change_name, _change_option, _withhold, _move_store, _hold_back,
    _lack,
)  # fmt: skip
