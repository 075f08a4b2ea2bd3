"""A network of three sites for tests: central and `north` on SQLite, `south` on PostgreSQL.

Stores: CMS on central, NTH on north, STH on south. CMS sees both, both see CMS, and STH sees NTH, of
which south keeps a collector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from central.project import Project, load
from sites import schema
from sites.capture import triggers
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA
from warehouse.connection import open_warehouse
from warehouse.ledger import checks, visits
from warehouse.ledger.cycles import last_cycle

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOPOLOGY = """
[network]
central = "central"
primary = "{primary}"

[[site]]
id = 1
code = "central"
database = "sqlite:///central.sqlite"

[[site]]
id = 2
code = "north"
database = "{north}"

[[site]]
id = 3
code = "south"
database = "{south}"

[[store]]
code = "CMS"
active_on = "central"

[[store]]
code = "NTH"
active_on = "north"
collector_on = ["south"]

[[store]]
code = "STH"
active_on = "south"
"""
CENTRAL_ROWS: Mapping[str, list[dict[str, Any]]] = {
    "unit": [{"id": "tablet", "name": "tablet"}],
    "item": [
        {"id": "amoxicillin", "code": "AMOX", "name": "Amoxicillin 250mg", "unit_id": "tablet"},
        {"id": "paracetamol", "code": "PARA", "name": "Paracetamol 500mg", "unit_id": "tablet"},
    ],
    "name": [{"id": f"name-{code}", "code": code, "name": f"Store {code}"} for code in ("CMS", "NTH", "STH")],
    "store": [{"id": code, "code": code, "name_id": f"name-{code}", "mode": "store"} for code in ("CMS", "NTH", "STH")],
    "name_store_join": [
        {"id": f"{viewer}-sees-{seen}", "name_id": f"name-{seen}", "store_id": viewer}
        for viewer, seen in (("CMS", "NTH"), ("CMS", "STH"), ("NTH", "CMS"), ("STH", "CMS"), ("STH", "NTH"))
    ],
}


def stock_line(number: int, store: str, packs: float = 10) -> dict[str, Any]:
    """A stock line of ``store``."""
    item = ("amoxicillin", "paracetamol")[number % 2]
    return {
        "id": f"stock-{store}-{number}",
        "store_id": store,
        "item_id": item,
        "pack_size": 100,
        "total_packs": packs,
        "available_packs": packs,
        "cost_price_per_pack": 1.25,
    }


@dataclass(frozen=True)
class Network:
    """The project folder of the network and its sites' URLs."""

    folder: Path
    urls: Mapping[str, str]

    @property
    def project(self) -> Project:
        """The project as it stands, its topology.toml applied with the next cycle."""
        return load(self.folder).as_wanted()

    def people_put(self, site: str, table: str, *rows: Mapping[str, Any]) -> None:
        """People insert or overwrite rows at a site."""
        with open_site(self.urls[site], self.folder) as db, db.transaction(write=True):
            put(db, table, *rows)

    def people_run(self, site: str, sql: str, *parameters: object) -> None:
        """People run a statement at a site."""
        with open_site(self.urls[site], self.folder) as db:
            db.execute(sql, parameters)

    def rows(self, site: str, table: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
        """Rows at a site, by id."""
        with open_site(self.urls[site], self.folder) as db:
            return db.execute(f"select {columns} from {table} where {where} order by id")

    def warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(load(self.folder).warehouse)) as con:
            return con.execute(sql).fetchall()

    def contents(self) -> dict[str, dict[str, list[tuple[str, ...]]]]:
        """Every captured table of every site and of the warehouse, as sorted texts: to compare networks."""
        found: dict[str, dict[str, list[tuple[str, ...]]]] = {"warehouse": {}}
        with duckdb.connect(str(self.project.warehouse)) as con:
            for table, columns in SCHEMA.tables.items():
                names = ", ".join(column.name for column in columns if not column.is_secret)
                found["warehouse"][table] = _texts(con.execute(f"select {names} from replica.{table}").fetchall())
        for site, url in self.urls.items():
            with open_site(url, self.folder) as db:
                found[site] = {table: _typed_texts(db, table) for table in SCHEMA.tables}
        return found


def put(db: SiteDatabase, table: str, *rows: Mapping[str, Any]) -> None:
    """Inserts rows, or updates those that are there, as people's software would."""
    for row in rows:
        names = list(row)
        marks = ", ".join("?" for _ in names)
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id") or "id = excluded.id"
        db.execute(
            f"insert into {table} ({', '.join(names)}) values ({marks}) on conflict (id) do update set {changes}",
            list(row.values()),
        )


def make_network(folder: Path, north: str, south: str, *, primary: str = "central") -> Network:
    """The network with its central data, capture installed, not yet synchronised.

    Where primary is not central the central data is there, and central has copies of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "topology.toml").write_text(TOPOLOGY.format(north=north, south=south, primary=primary), encoding="utf-8")
    network = Network(folder, {"central": "sqlite:///central.sqlite", "north": north, "south": south})
    make_sites(folder, network.urls, CENTRAL_ROWS, primary)
    return network


def make_sites(
    folder: Path, urls: Mapping[str, str], central: Mapping[str, Sequence[Mapping[str, Any]]], primary: str
) -> None:
    """The database of each site, capture installed; central data is on central and primary."""
    for site, url in urls.items():
        with open_site(url, folder, create=True) as db:
            schema.create(db)
            if site in ("central", primary):
                with db.transaction(write=True):
                    for table, rows in central.items():
                        put(db, table, *rows)
            triggers.install(db, SCHEMA)


def _texts(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(str(value) for value in row) for row in rows)


def _typed_texts(db: SiteDatabase, table: str) -> list[tuple[str, ...]]:
    from sites.engines.values import normalise

    columns = SCHEMA.tables[table]
    names = [column.name for column in columns]
    raw = db.read(f"select {', '.join(names)} from {table}", columns=names)
    typed, malformed = normalise(raw, columns)
    assert malformed.is_empty(), malformed
    return sorted(typed.select(pl.all().cast(pl.String).fill_null("-")).rows())


def require_verdicts(project: Project) -> None:
    """Each change that the last cycle pulled has a verdict (A1)."""
    with open_warehouse(project.warehouse, project.schema) as con:
        assert checks.unjudged(visits.of_cycle(con, last_cycle(con))) == []
