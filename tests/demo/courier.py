"""What supplysync does between the clerks, done at once for all sites of a demo by the pure rule itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from demo.people.desk import Desk
from demo.people.simulate import DemoSite
from demo.reference.dice import Dice
from demo.reference.frames import Tables
from demo.reference.places import STORES
from sites.engines.connection import SiteDatabase, open_site
from sites.engines.values import normalise
from sites.schema import SCHEMA
from sync_rules.frames import StoreName
from sync_rules.transfers import begins, kinds, responds
from tests.demo.conftest import NOW

_LISTED = ("region", "name_category", "name", "unit", "item_category", "item")
# the papers of the last year are finished, and left where they are
_LATE = dict.fromkeys(kinds.HEADERS, f"created_at >= '{NOW - timedelta(days=9):%Y-%m-%d}T00:00:00.000000Z'") | {
    "goods_received": f"(received_at IS NULL OR received_at >= '{NOW:%Y-%m-%d}T00:00:00.000000Z')"
}
_TABLES = tuple(table for header in kinds.HEADERS for table in (header, f"{header}_line"))
PARTIES = StoreName.of((store.id, store.name_id) for store in STORES)


class Courier:
    """Carries papers between ``sites``; each responding half is made once, as X2 has it."""

    def __init__(self, sites: Sequence[DemoSite], central: Tables) -> None:
        self._sites = {store.id: site for site in sites for store in STORES if store.code in site.store_codes}
        self._made: dict[str, tuple[str, str]] = {}  # by responding id: the two stores
        for site in sites:
            with open_site(site.url, site.folder) as db:
                _send_lists(db, central)

    def carry(self, now: datetime) -> int:
        """Make the responding halves of what has begun, and show each site the halves of the other; how many."""
        papers = self.papers()
        begun = begins.initiating_halves(papers, PARTIES).filter(pl.col("linked_id").is_null())
        begun = begun.with_columns(responding_id=responds.responding_ids(begun)).filter(
            ~pl.col("responding_id").is_in(list(self._made)), pl.col("to_store").is_in(list(self._sites))
        )
        money = pl.DataFrame(schema=SCHEMA.frame_schema(kinds.CURRENCIES))
        made = responds.respond(begun, {**papers, kinds.CURRENCIES: money}, PARTIES, SCHEMA, now)
        for row in begun.iter_rows(named=True):
            self._link(row)
            self._arrive(row, made, now)
        self._show()
        return begun.height

    def papers(self) -> Tables:
        """The documents of late and their lines, of every store, as its own site has them."""
        found: dict[str, list[pl.DataFrame]] = {table: [] for table in _TABLES}
        for site in {site.site_code: site for site in self._sites.values()}.values():
            stores = [store for store, its in self._sites.items() if its == site]
            with open_site(site.url, site.folder) as db:
                for header in kinds.HEADERS:
                    is_own = f"store_id IN ({', '.join('?' for _ in stores)}) AND {_LATE[header]}"
                    found[header].append(read(db, header, is_own, *stores))
                    lines = f"{header}_id IN (SELECT id FROM {header} WHERE {is_own})"
                    found[f"{header}_line"].append(read(db, f"{header}_line", lines, *stores))
        return {table: pl.concat(frames) for table, frames in found.items()}

    def _link(self, row: dict[str, str]) -> None:
        kind, site = kinds.BY_NAME[row["kind"]], self._sites[row["from_store"]]
        self._made[row["responding_id"]] = (row["from_store"], row["to_store"])
        with open_site(site.url, site.folder) as db:
            db.execute(
                f"UPDATE {kind.table} SET {kind.link} = ? WHERE id = ?", (row["responding_id"], row["record_id"])
            )

    def _arrive(self, row: dict[str, str], made: kinds.Papers, now: datetime) -> None:
        kind, site = kinds.BY_NAME[row["kind"]], self._sites[row["to_store"]]
        table = kind.responding_table
        with open_site(site.url, site.folder) as db:
            number = Desk(db, row["to_store"], Dice(""), now).next_number(table, kind.responding_type or table)
            head = made[table].filter(pl.col("id") == row["responding_id"])
            db.insert_rows(table, head.with_columns(number=pl.lit(number, pl.Int64)))
            lines = made[f"{table}_line"].filter(pl.col(f"{table}_id") == row["responding_id"])
            db.insert_rows(f"{table}_line", lines)

    def _show(self) -> None:
        """Each site's copies of the others' documents: those of transfers with its own stores, and no more."""
        papers = self.papers()
        begun = begins.initiating_halves(papers, PARTIES)
        for site in {site.site_code: site for site in self._sites.values()}.values():
            own = [store for store, its in self._sites.items() if its == site]
            with open_site(site.url, site.folder) as db, db.transaction(write=True):
                for header in kinds.HEADERS:
                    halves = [one for one, stores in self._made.items() if set(stores) & set(own)]
                    halves += begun.filter(pl.col("to_store").is_in(own))["record_id"].to_list()
                    heads = papers[header].filter(pl.col("id").is_in(halves), ~pl.col("store_id").is_in(own))
                    _replace(db, header, heads, papers[f"{header}_line"], own)


def _replace(db: SiteDatabase, header: str, heads: pl.DataFrame, lines: pl.DataFrame, own: Sequence[str]) -> None:
    marks = ", ".join("?" for _ in own)
    others = f"SELECT id FROM {header} WHERE store_id NOT IN ({marks})"
    db.execute(f"DELETE FROM {header}_line WHERE {header}_id IN ({others})", own)
    db.execute(f"DELETE FROM {header} WHERE store_id NOT IN ({marks})", own)
    if not heads.is_empty():
        db.insert_rows(header, heads)
        ids = heads.select(pl.col("id").alias(f"{header}_id"))
        db.insert_rows(f"{header}_line", lines.join(ids, on=f"{header}_id", how="semi"))


def read(db: SiteDatabase, table: str, where: str = "1 = 1", *parameters: object) -> pl.DataFrame:
    """A table of a site, or the rows of it that are wanted, typed, by id."""
    columns = SCHEMA.tables[table]
    names = [column.name for column in columns]
    raw = db.read(f"SELECT {', '.join(names)} FROM {table} WHERE {where}", parameters, columns=names)
    return normalise(raw, columns)[0].sort("id")


def _send_lists(db: SiteDatabase, central: Tables) -> None:
    with db.transaction(write=True):
        for table in _LISTED:
            db.insert_rows(table, central[table].join(read(db, table).select("id"), on="id", how="anti"))
