"""People in stores that deal with each other: they ask, order, issue, receive and send back, each at their own site.

They never write another store's half. What they issued and received is counted as they go, and what they deleted is
remembered, so that a test can say what must be there in the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from central.project import Project, load
from sites import schema
from sites.capture import triggers
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA
from tests.central.small_network import put

ITEMS = ("amoxicillin", "paracetamol", "salt")
STORES = {
    "A": "central", "E": "central", "B": "one", "F": "one", "C": "two", "D": "two", "G": "three", "H": "three",
}  # fmt: skip
SITES = ("central", "one", "two", "three")
AT = "2026-11-23T08:00:00Z"


@dataclass
class Traders:
    """The network in ``folder`` and its people. ``told`` counts what they did."""

    folder: Path
    urls: Mapping[str, str]
    rng: Random
    options: Mapping[str, str]
    stores: Mapping[str, str]
    told: Counter[str] = field(default_factory=Counter)
    deleted: set[str] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    ids: int = 0

    @property
    def project(self) -> Project:
        return load(self.folder).as_wanted()

    def at(self, site: str) -> AbstractContextManager[SiteDatabase]:
        return open_site(self.urls[site], self.folder)

    def rows(self, site: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.at(site) as db:
            return db.execute(sql, values)

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}-{self.ids:04d}"

    # -- what people do; each returns whether there was something to do

    def step(self) -> str:
        """One person does something; returns what."""
        doings: list[Callable[[], bool]] = [
            self.issues, self.issues, self.asks, self.orders, self.answers, self.supplies, self.supplies, self.receives,
            self.receives, self.receives, self.takes_in_goods, self.takes_in_goods, self.sends_back, self.comments,
            self.deletes, self.works_alone, self.corrects, self.corrects, self.readdresses,
        ]  # fmt: skip
        while True:
            doing = self.rng.choice(doings)
            if doing():
                self.told[doing.__name__] += 1
                return doing.__name__

    def issues(self) -> bool:
        store, other = self.rng.sample(sorted(STORES), 2)
        with self.at(STORES[store]) as db, db.transaction(write=True):
            self._issue(db, store, other, self.new_id("issue"))
        return True

    def asks(self) -> bool:
        store, other = self.rng.sample(sorted(STORES), 2)
        document = self.new_id("ask")
        with self.at(STORES[store]) as db, db.transaction(write=True):
            put(db, "requisition", self._header(db, document, store, other, "request", type="request",
                                                status="finalised", finalised_at=AT))  # fmt: skip
            for number in range(self.rng.randint(1, 3)):
                line = {"id": f"{document}-{number}", "requisition_id": document, "item_id": self.rng.choice(ITEMS)}
                put(db, "requisition_line", {**line, "requested_units": self.rng.randint(1, 9) * 100})
        return True

    def orders(self) -> bool:
        """Where primary orders for the stores, one of them orders by itself at times, which is refused."""
        store, other = self.rng.sample(sorted(STORES), 2)
        document, site = self.new_id("order"), STORES[store]
        is_centralised = self.options.get("centralised_procurement") == "true"
        if is_centralised and site != "central" and self.rng.random() < 0.5:
            self.refused[document], is_centralised = site, False
        with self.at("central" if is_centralised else site) as db, db.transaction(write=True):
            header = self._header(db, document, store, other, "purchase_order", status="confirmed", confirmed_at=AT)
            put(db, "purchase_order", {**header, "is_centralised": is_centralised})
            for number, item in enumerate(self.rng.sample(ITEMS, self.rng.randint(1, 3))):
                line = {"id": f"{document}-{number}", "purchase_order_id": document, "item_id": item, "pack_size": 50}
                put(db, "purchase_order_line", {**line, "ordered_packs": 10, "received_packs": 0, "price_per_pack": 2})
        return True

    def answers(self) -> bool:
        """A response is finalised and an issue made for it."""
        found = self._arrived("requisition", "type = 'response' and status = 'new'")
        if found is None:
            return False
        site, document, store, other = found
        with self.at(site) as db, db.transaction(write=True):
            db.execute("update requisition set status = 'finalised', finalised_at = ? where id = ?", [AT, document])
            db.execute(
                "update requisition_line set supplied_units = requested_units where requisition_id = ?", [document]
            )
            self._issue(db, store, other, self.new_id("issue"), requisition_id=document)
        return True

    def supplies(self) -> bool:
        """The invoice that an order became is filled, at times with a line more, and finalised."""
        condition = "type = 'customer_invoice' and status = 'new' and purchase_order_id is not null"
        found = self._arrived("invoice", condition)
        if found is None:
            return False
        site, document, *_ = found
        with self.at(site) as db, db.transaction(write=True):
            db.execute("update invoice_line set packs = ?, sell_price_per_pack = 2 where invoice_id = ?",
                       [self.rng.randint(1, 12), document])  # fmt: skip
            if self.rng.random() < 0.5:
                put(db, "invoice_line", self._line(document, self.new_id("extra")))
            db.execute("update invoice set status = 'finalised', finalised_at = ? where id = ?", [AT, document])
        return True

    def receives(self) -> bool:
        """An invoice or credit that arrived is taken off hold and finalised."""
        found = self._arrived("invoice", "type in ('supplier_invoice', 'customer_credit') and status = 'new'")
        if found is None:
            return False
        site, document, *_ = found
        with self.at(site) as db:
            db.execute("update invoice set status = 'finalised', on_hold = ?, finalised_at = ? where id = ?",
                       [False, AT, document])  # fmt: skip
        return True

    def takes_in_goods(self) -> bool:
        """Goods that arrived become an invoice of the store (B42)."""
        found = self._arrived("goods_received", "status = 'new'")
        if found is None:
            return False
        site, document, store, other = found
        made = self.new_id("taken")
        with self.at(site) as db, db.transaction(write=True):
            header = self._header(db, made, store, other, "supplier_invoice", type="supplier_invoice",
                                  status="finalised", finalised_at=AT, goods_received_id=document)  # fmt: skip
            put(db, "invoice", header)
            columns = "id, item_id, pack_size, packs, cost_price_per_pack, purchase_order_line_id"
            lines = db.execute(
                f"select {columns} from goods_received_line where goods_received_id = ? order by id", [document]
            )
            for number, line in enumerate(lines):
                row = dict(zip(columns.split(", ")[1:], line[1:], strict=True))
                put(db, "invoice_line", {"id": f"{made}-{number}", "invoice_id": made, **row})
            db.execute("update goods_received set status = 'finalised', received_at = ? where id = ?", [AT, document])
        return True

    def sends_back(self) -> bool:
        store, other = self.rng.sample(sorted(STORES), 2)
        with self.at(STORES[store]) as db, db.transaction(write=True):
            self._issue(db, store, other, self.new_id("return"), type="supplier_credit")
        return True

    def comments(self) -> bool:
        """A later edit of an initiating half."""
        store = self.rng.choice(sorted(STORES))
        found = self.rows(STORES[store], "select id from invoice where store_id = ? and type = 'customer_invoice' "
                          "and status = 'finalised' order by id", store)  # fmt: skip
        if not found:
            return False
        words = f"seen {self.rng.randint(1, 99)}"
        self.rows(STORES[store], "update invoice set comment = ? where id = ?", words, self.rng.choice(found)[0])
        return True

    def corrects(self) -> bool:
        """The sender finds that something else was sent: another quantity, a line more (X5)."""
        found = self._sent("status = 'finalised'")
        if found is None:
            return False
        site, document, _ = found
        with self.at(site) as db, db.transaction(write=True):
            lines = [line for (line,) in db.execute("select id from invoice_line where invoice_id = ? order by id",
                                                    [document])]  # fmt: skip
            if self.rng.random() < 0.5:  # no line less: a site that is read whole again does not tell of it
                put(db, "invoice_line", self._line(document, self.new_id("line")))
            elif lines:
                db.execute("update invoice_line set packs = packs + 1 where id = ?", [self.rng.choice(lines)])
        self.corrected.add(document)
        return True

    def readdresses(self) -> bool:
        """The sender finds that it went to the wrong store (X5)."""
        found = self._sent("status = 'finalised' and purchase_order_id is null")
        if found is None:
            return False
        site, document, store = found
        other = self.rng.choice(sorted(STORES.keys() - {store}))
        self.rows(site, "update invoice set other_name_id = ? where id = ?", f"name-{other}", document)
        return True

    def deletes(self) -> bool:
        """Rarely: somebody deletes an issue of theirs, or one that arrived."""
        if self.rng.random() < 0.6:
            return False
        store = self.rng.choice(sorted(STORES))
        found = self.rows(STORES[store], "select id from invoice where store_id = ? and (linked_invoice_id is not null "
                          "and status = 'new' or type = 'customer_invoice' and purchase_order_id is null and "
                          "status = 'finalised') order by id", store)  # fmt: skip
        if not found:
            return False
        document = self.rng.choice(found)[0]
        with self.at(STORES[store]) as db, db.transaction(write=True):
            db.execute("delete from invoice_line where invoice_id = ?", [document])
            db.execute("delete from invoice where id = ?", [document])
        self.deleted.add(document)
        return True

    def works_alone(self) -> bool:
        """A document with a number from the same counter, for a customer that is no store."""
        store = self.rng.choice(sorted(STORES))
        with self.at(STORES[store]) as db, db.transaction(write=True):
            kind = self.rng.choice(("supplier_invoice", "customer_invoice"))
            document = self.new_id("own")
            put(db, "invoice", {**self._header(db, document, store, "A", kind, type=kind, status="finalised"),
                                "other_name_id": "ward"})  # fmt: skip
        return True

    # -- how

    def _sent(self, condition: str) -> tuple[str, str, str] | None:
        """Some issue or return of a store, at its site: site, id, store."""
        site = self.rng.choice(SITES)
        own = ", ".join(f"'{store}'" for store, where in STORES.items() if where == site)
        kinds = "'customer_invoice', 'supplier_credit'"
        found = self.rows(site, f"select id, store_id from invoice where {condition} and type in ({kinds}) and "
                          f"linked_invoice_id is not null and store_id in ({own}) order by id")  # fmt: skip
        if not found:
            return None
        document, store = self.rng.choice(found)
        return site, document, store

    def _issue(self, db: SiteDatabase, store: str, other: str, document: str, **more: object) -> None:
        kind = str(more.get("type", "customer_invoice"))
        header = self._header(db, document, store, other, kind, type=kind, status="finalised", finalised_at=AT)
        put(db, "invoice", {**header, **more})
        for _ in range(self.rng.randint(1, 3)):
            put(db, "invoice_line", self._line(document, self.new_id("line")))

    def _line(self, document: str, line: str) -> dict[str, object]:
        return {
            "id": line,
            "invoice_id": document,
            "item_id": self.rng.choice(ITEMS),
            "pack_size": self.rng.choice((10, 50, 100)),
            "packs": self.rng.randint(1, 9),
            "sell_price_per_pack": 2,
        }

    def _header(
        self, db: SiteDatabase, document: str, store: str, other: str, kind: str, **more: object
    ) -> dict[str, object]:
        """A document with the next number of its counter."""
        key = f"{store}:{kind}"
        put(db, "document_number", {"id": key, "store_id": store, "kind": kind})
        db.execute("update document_number set last_number = coalesce(last_number, 0) + 1 where id = ?", [key])
        ((number,),) = db.execute("select last_number from document_number where id = ?", [key])
        return {"id": document, "store_id": store, "other_name_id": f"name-{other}", "number": number, **more}

    def _arrived(self, table: str, condition: str) -> tuple[str, str, str, str] | None:
        """Some half that arrived in a store of its site and has its number: site, id, store, other store."""
        site = self.rng.choice(SITES)
        own = ", ".join(f"'{store}'" for store, where in STORES.items() if where == site)
        found = self.rows(
            site,
            f"select id, store_id, other_name_id from {table} "
            f"where {condition} and number > 0 and store_id in ({own}) order by id",
        )
        if not found:
            return None
        document, store, other = self.rng.choice(found)
        return site, document, store, str(other).removeprefix("name-")


def make_traders(
    folder: Path, urls: Mapping[str, str], rng: Random, options: Mapping[str, str], stores: Mapping[str, str]
) -> Traders:
    """The network with its central data, not yet synchronised. ``stores``: further lines of a store, by code."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[network]", 'central = "central"', 'primary = "central"', "[options]"]
    lines += [f"{key} = {value}" for key, value in options.items()]
    for number, site in enumerate(SITES, start=1):
        lines += ["[[site]]", f"id = {number}", f'code = "{site}"', f'database = "{urls[site]}"']
    for code, site in STORES.items():
        lines += ["[[store]]", f'code = "{code}"', f'active_on = "{site}"', stores.get(code, "")]
    (folder / "topology.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for site, url in urls.items():
        with open_site(url, folder, create=True) as db:
            schema.create(db)
            if site == "central":
                with db.transaction(write=True):
                    put(db, "unit", {"id": "tablet", "name": "tablet"})
                    put(db, "item", *({"id": item, "code": item, "name": item, "unit_id": "tablet"} for item in ITEMS))
                    put(db, "name", {"id": "ward", "code": "ward", "name": "Ward"})
                    put(db, "name", *({"id": f"name-{code}", "code": code, "name": code} for code in STORES))
                    put(db, "store", *(_store(code) for code in STORES))
                    # not everybody sees everybody: transfers bring stores along (X7)
                    pairs = ((viewer, seen) for viewer in STORES for seen in STORES if viewer < seen)
                    put(db, "name_store_join", *(_sees(*pair) for pair in pairs))
            triggers.install(db, SCHEMA)
    return Traders(folder, urls, rng, options, stores)


def _store(code: str) -> dict[str, object]:
    return {"id": code, "code": code, "name_id": f"name-{code}", "mode": "dispensary" if code == "G" else "store"}


def _sees(viewer: str, seen: str) -> dict[str, object]:
    return {"id": f"{viewer}-{seen}", "name_id": f"name-{seen}", "store_id": viewer}


def units(packs: object, pack_size: object) -> Decimal:
    """Units of a line as a database gives them."""
    return Decimal(str(packs)) * Decimal(str(pack_size))
